"""The recurrences of open-end DTW, one query against all references at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def warp(queries: Sequence[Array], references: Sequence[Array], step_pattern: str) -> Array:
    """Normalised open-end distances (Q, R) of queries (N_q, D) to references (M_r, D)."""
    packed, lengths = _pack(references)
    prefix = np.arange(1, packed.shape[2] + 1)
    distances = np.empty((len(queries), len(references)))
    for index, query in enumerate(queries):
        accumulated = np.full(packed.shape[1:], np.inf)
        for row, action in enumerate(query):
            accumulated = STEP_PATTERNS[step_pattern](accumulated, _distances(action, packed), row == 0)
        weight = len(query) + prefix if step_pattern == "symmetric2" else np.full(len(prefix), len(query))
        distances[index] = np.where(prefix <= lengths[:, None], accumulated / weight, np.inf).min(axis=1)
    return distances


def _pack(references: Sequence[Array]) -> tuple[Array, NDArray[np.int64]]:
    """References (M_r, D) as one array (D, R, max M), zeros behind each end, and their lengths (R,).

    Warping paths only move forward, so what lies behind an end changes nothing before it.
    """
    lengths = np.array([len(reference) for reference in references], np.int64)
    packed = np.zeros((references[0].shape[1], len(references), int(lengths.max())))
    for index, reference in enumerate(references):
        packed[:, index, : len(reference)] = reference.T
    return packed, lengths


def _distances(action: Array, references: Array) -> Array:
    """Euclidean distance of one action (D,) to every reference action, (R, M).

    Summed component by component rather than as |a|^2 + |b|^2 - 2ab, which loses small distances to rounding.
    """
    total = np.zeros(references.shape[1:])
    difference = np.empty_like(total)
    for component, value in zip(references, action, strict=True):
        np.subtract(component, value, out=difference)
        np.multiply(difference, difference, out=difference)
        total += difference
    return np.asarray(np.sqrt(total, out=total))


def _asymmetric(before: Array, distance: Array, first: bool) -> Array:
    """g(i, j) = d(i, j) + min(g(i-1, j), g(i-1, j-1), g(i-1, j-2)); paths start at (0, 0)."""
    after = before.copy()
    if first:
        after[:, 0] = 0.0
    else:
        np.minimum(after[:, 1:], before[:, :-1], out=after[:, 1:])
        np.minimum(after[:, 2:], before[:, :-2], out=after[:, 2:])
    after += distance
    return after


def _symmetric2(before: Array, distance: Array, first: bool) -> Array:
    """g(i, j) = min(g(i-1, j) + d, g(i-1, j-1) + 2 d, g(i, j-1) + d); g(0, 0) = 2 d(0, 0).

    The step along the row is a running minimum once the row's own running sum is taken off, so that no loop
    over columns is needed.
    """
    entry = before + distance
    if first:
        entry[:, 0] = 2 * distance[:, 0]
    else:
        np.minimum(entry[:, 1:], before[:, :-1] + 2 * distance[:, 1:], out=entry[:, 1:])
    along = np.cumsum(distance, axis=1)
    return np.asarray(np.minimum.accumulate(entry - along, axis=1) + along)


STEP_PATTERNS = {"asymmetric": _asymmetric, "symmetric2": _symmetric2}
