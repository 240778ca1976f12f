"""All pairs of vectors that lie close together: every one of them, by comparing each with each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 256  # vectors compared with all at once
_ROUNDING = 1e-6  # of a squared distance, relative to the squared length of the vectors; it only makes candidates


def near_pairs(vectors: NDArray[np.floating], distance: float) -> list[tuple[int, int, float]]:
    """(first, second, distance) of each two of `vectors` (N, D) that are at most `distance` apart.

    first < second. The nearest come first, equally near ones in the order of their numbers. Takes time with N^2.
    """
    exact = vectors.astype(np.float64)
    squares = (exact**2).sum(-1)
    found: list[tuple[int, int, float]] = []
    for begin in range(0, len(exact), _BLOCK):
        rows = exact[begin : begin + _BLOCK]
        # |a|^2 + |b|^2 - 2 ab is quick and cancels; who may be near is then measured by the difference itself.
        rough = squares[begin : begin + _BLOCK, None] + squares[None, begin:] - 2 * rows @ exact[begin:].T
        slack = _ROUNDING * (squares[begin : begin + _BLOCK, None] + squares[None, begin:])
        first, second = np.nonzero(np.triu(rough <= distance**2 + slack, k=1))
        apart = np.sqrt(((rows[first] - exact[begin + second]) ** 2).sum(-1))
        near = apart <= distance
        pairs = zip(first[near] + begin, second[near] + begin, apart[near], strict=True)
        found += [(int(one), int(other), float(far)) for one, other, far in pairs]
    return sorted(found, key=lambda pair: (pair[2], pair[0], pair[1]))
