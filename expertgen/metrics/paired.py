"""Comparison of two policies that met the same starts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def mcnemar_exact(a: ArrayLike, b: ArrayLike) -> float:
    """Two-sided p-value of McNemar's exact test that two policies succeed equally often.

    a, b: (n,) booleans, success of either policy on start i. Only starts on which they differ speak; given
    equal policies each such start favours either one with probability 1/2, so the smaller of the two counts
    is binomial (McNemar 1947, in the exact form). No such start gives 1.
    Raises ValueError for arrays that are not booleans of one shape (n,).
    """
    first, second = np.asarray(a), np.asarray(b)
    if first.dtype != np.bool_ or second.dtype != np.bool_ or first.ndim != 1 or first.shape != second.shape:
        raise ValueError(
            "expected two boolean arrays of one shape (n,), found "
            f"{first.dtype} {first.shape} and {second.dtype} {second.shape}"
        )
    only_first = int(np.sum(first & ~second))
    only_second = int(np.sum(~first & second))
    differing = only_first + only_second
    # Whole numbers of any size: floats would underflow for a thousand differing starts.
    term = tail = 1
    for k in range(min(only_first, only_second)):
        term = term * (differing - k) // (k + 1)
        tail += term
    return float(min(1.0, 2 * tail / 2**differing))
