"""Normalised open-end dynamic time warping between action trajectories (ExpertGen, section V-D b).

Tormene, Giorgino, Quaglini, Stefanelli, "Matching incomplete time series with dynamic time warping",
Artificial Intelligence in Medicine 45(1), 2009: the whole query is matched with that prefix of the reference
which gives the smallest normalised distance. The query is the policy's trajectory, the reference a
demonstration, so the end of the demonstration is the open one. ExpertGen leaves the following unsaid; this is
what is chosen here:

- distance of two actions: Euclidean over all 10 numbers, unscaled: position in m, two columns of the rotation
  matrix, gripper in [-1, 1]. `weights` multiplies the components before, e.g. (1, 1, 1, 0, ...) for position
  alone in m.
- step pattern "asymmetric": each query action is matched exactly once and the reference advances by 0, 1 or 2
  per query action; the sum over the query's length N is the mean distance per action of the policy.
  "symmetric2" (Sakoe and Chiba 1978, P = 0): diagonal steps and the start count twice, steps along one side
  once, and the sum is divided by N + j for a prefix of length j; again a mean distance per matched pair.
- of many demonstrations the nearest counts: the minimum over references for each query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from expertgen.metrics.warping import STEP_PATTERNS, warp

Trajectories = NDArray[np.floating] | Sequence[NDArray[np.floating]]
StepPattern = Literal["asymmetric", "symmetric2"]


@dataclass(frozen=True, eq=False)
class NearestMatch:
    """For each query its nearest reference: normalised distance (Q,) and index of that reference (Q,)."""

    distance: NDArray[np.float64]
    reference: NDArray[np.int64]

    @property
    def mean(self) -> float:
        """Mean distance over the queries: the number reported for a policy."""
        return float(self.distance.mean())


def open_end_dtw(
    query: ArrayLike,
    references: Trajectories,
    *,
    step_pattern: StepPattern = "asymmetric",
    weights: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Normalised open-end DTW distance of one query to each reference.

    query: (N, D). references: (R, M, D), or R arrays (M_r, D) of different lengths; the end of each is open.
    weights: (D,) multiplies the components of both, default all 1.
    Returns (R,) float64: the smallest normalised accumulated distance over prefixes of the reference.
    Raises ValueError for empty or not finite trajectories, differing D, or an unknown step pattern.
    """
    distances = _all_pairs([np.asarray(query)], references, step_pattern, weights)
    return distances.reshape(-1)


def nearest_dtw(
    queries: Trajectories,
    references: Trajectories,
    *,
    step_pattern: StepPattern = "asymmetric",
    weights: ArrayLike | None = None,
    max_references: int | None = None,
    rng: np.random.Generator | None = None,
) -> NearestMatch:
    """Normalised open-end DTW of each query to its nearest reference; its `mean` is the policy's DTW.

    queries, references: (Q, N, D) and (R, M, D), or sequences of arrays of different lengths.
    max_references: compare with at most so many references, drawn without replacement by `rng` (needed then).
        Fewer references can only raise the distance: compare policies against the same ones.
    Indices in the result count the references as given. Raises ValueError as open_end_dtw.
    """
    chosen = np.arange(len(references))
    if max_references is not None and max_references < len(references):
        if rng is None:
            raise ValueError("drawing max_references needs rng, so that the draw can be repeated")
        chosen = np.sort(rng.choice(len(references), max_references, replace=False))
    subset = [references[int(index)] for index in chosen]
    distances = _all_pairs(queries, subset, step_pattern, weights)
    return NearestMatch(distances.min(axis=1), chosen[distances.argmin(axis=1)].astype(np.int64))


def _all_pairs(
    queries: Trajectories, references: Trajectories, step_pattern: str, weights: ArrayLike | None
) -> NDArray[np.float64]:
    """Distances (Q, R)."""
    if step_pattern not in STEP_PATTERNS:
        raise ValueError(f"unknown step pattern {step_pattern!r}, expected one of {', '.join(STEP_PATTERNS)}")
    if len(queries) == 0 or len(references) == 0:
        raise ValueError(f"DTW needs queries and references, found {len(queries)} and {len(references)}")
    components = np.shape(queries[0])[-1] if np.ndim(queries[0]) else 0
    scale = np.ones(components) if weights is None else np.asarray(weights, np.float64)
    if scale.shape != (components,):
        raise ValueError(f"expected weights of shape ({components},), found {scale.shape}")
    left = [_checked(query, f"query {i}", components) * scale for i, query in enumerate(queries)]
    right = [_checked(other, f"reference {i}", components) * scale for i, other in enumerate(references)]
    return warp(left, right, step_pattern)


def _checked(values: NDArray[np.floating], name: str, components: int) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] != components:
        raise ValueError(f"{name}: expected a trajectory (length >= 1, {components}), found {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: has values that are not finite")
    return array
