"""Success over the object's start pose (ExpertGen, Fig. 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from expertgen.metrics.wilson import Rate

Range = tuple[float, float]


@dataclass(frozen=True)
class Cell:
    """One cell of a success map: bounds in m (yaw in rad, None where it is not binned) and its rate."""

    x: Range
    y: Range
    yaw: Range | None
    rate: Rate

    def to_json(self) -> dict[str, Any]:
        """Bounds as lists beside the rate's numbers."""
        yaw = None if self.yaw is None else list(self.yaw)
        return {"x": list(self.x), "y": list(self.y), "yaw": yaw, **self.rate.to_json()}


@dataclass(frozen=True, eq=False)
class SuccessMap:
    """Starts and successes per cell.

    x_edges (X+1,), y_edges (Y+1,) in m, yaw_edges (W+1,) in rad or None.
    counts, successes: (X, Y) int64, or (X, Y, W) where yaw is binned.
    """

    x_edges: NDArray[np.float64]
    y_edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    successes: NDArray[np.int64]
    yaw_edges: NDArray[np.float64] | None = None

    @property
    def rates(self) -> NDArray[np.float64]:
        """Success rate of each cell in [0, 1], NaN where nothing started."""
        return np.where(self.counts > 0, self.successes / np.maximum(self.counts, 1), np.nan)

    @property
    def total(self) -> Rate:
        """The rate over all starts."""
        return Rate(int(self.successes.sum()), int(self.counts.sum()))

    def over_position(self) -> SuccessMap:
        """The same starts binned over x and y alone."""
        if self.yaw_edges is None:
            return self
        return SuccessMap(self.x_edges, self.y_edges, self.counts.sum(axis=2), self.successes.sum(axis=2))

    def worst(self, k: int = 5, min_starts: int = 1) -> list[Cell]:
        """The k cells of lowest rate among those with at least min_starts starts.

        Of equal rates the better known comes first (more starts), then the order of the cells.
        """
        cells = [tuple(index) for index in np.argwhere(self.counts >= max(1, min_starts))]
        cells.sort(key=lambda index: (self.successes[index] / self.counts[index], -self.counts[index], index))
        return [self._cell(index) for index in cells[:k]]

    def _cell(self, index: tuple[int, ...]) -> Cell:
        edges = [self.x_edges, self.y_edges] + ([] if self.yaw_edges is None else [self.yaw_edges])
        bounds = [(float(edge[i]), float(edge[i + 1])) for edge, i in zip(edges, index, strict=True)]
        rate = Rate(int(self.successes[index]), int(self.counts[index]))
        return Cell(bounds[0], bounds[1], bounds[2] if len(bounds) == 3 else None, rate)

    def to_json(self) -> dict[str, Any]:
        """Edges and counts as nested lists; rates follow from them."""
        return {
            "x_edges": self.x_edges.tolist(),
            "y_edges": self.y_edges.tolist(),
            "yaw_edges": None if self.yaw_edges is None else self.yaw_edges.tolist(),
            "counts": self.counts.tolist(),
            "successes": self.successes.tolist(),
        }


def extent_of(x: ArrayLike, y: ArrayLike, step: float = 0.01) -> tuple[Range, Range]:
    """The range of starts in x and in y, rounded outwards to multiples of `step` (m).

    Settling moves objects a little past the range they were placed in, so the starts met, not the reset
    distribution's bounds, set the extent; policies that meet the same starts then share it.
    """
    return _rounded_out(np.asarray(x, np.float64), step), _rounded_out(np.asarray(y, np.float64), step)


def _rounded_out(values: NDArray[np.float64], step: float) -> Range:
    lowest, highest = float(values.min()), float(values.max())
    # Rounded multiples may miss the value they round by one bit, on the wrong side.
    low = min(round(float(np.floor(lowest / step)) * step, 9), lowest)
    high = max(round(float(np.ceil(highest / step)) * step, 9), highest)
    return low, high if high > low else low + step


def success_map(
    x: ArrayLike,
    y: ArrayLike,
    success: ArrayLike,
    *,
    extent: tuple[Range, Range],
    bins: tuple[int, int] = (8, 8),
    yaw: ArrayLike | None = None,
    yaw_bins: int = 0,
) -> SuccessMap:
    """Bin episodes by where the object started.

    x, y: (n,) start position in m in the frame of `extent`; success: (n,) booleans.
    extent: ((x_low, x_high), (y_low, y_high)) in m, one for all policies, so that their maps share cells;
        extent_of gives one. bins: cells along x and y.
    yaw: (n,) rad, wrapped into [-pi, pi), split into yaw_bins cells where yaw_bins > 0.
    Raises ValueError for shapes that differ, starts outside the extent (none is dropped in silence), no bins.
    """
    if min(bins) < 1:
        raise ValueError(f"expected two positive numbers of bins, found {bins}")
    columns = {"x": np.asarray(x, np.float64), "y": np.asarray(y, np.float64)}
    edges = [np.linspace(*extent[axis], bins[axis] + 1) for axis in (0, 1)]
    if yaw_bins > 0:
        if yaw is None:
            raise ValueError("yaw_bins needs yaw")
        columns["yaw"] = (np.asarray(yaw, np.float64) + np.pi) % (2 * np.pi) - np.pi
        edges.append(np.linspace(-np.pi, np.pi, yaw_bins + 1))
    flags = np.asarray(success)
    _check(columns, edges, flags)
    starts = np.stack(list(columns.values()), axis=1)
    counts = np.histogramdd(starts, edges)[0].astype(np.int64)
    successes = np.histogramdd(starts[flags], edges)[0].astype(np.int64)
    return SuccessMap(edges[0], edges[1], counts, successes, edges[2] if yaw_bins > 0 else None)


def _check(columns: dict[str, NDArray[np.float64]], edges: list[NDArray[np.float64]], flags: Any) -> None:
    shapes = {name: column.shape for name, column in columns.items()}
    if flags.dtype != np.bool_ or flags.ndim != 1 or set(shapes.values()) != {flags.shape}:
        raise ValueError(f"expected booleans (n,), starts (n,), found {flags.dtype} {flags.shape}, {shapes}")
    for (name, column), edge in zip(columns.items(), edges, strict=True):
        outside = column[~((column >= edge[0]) & (column <= edge[-1]))]
        if outside.size:
            raise ValueError(
                f"{outside.size} starts lie outside the map's {name} range [{edge[0]:g}, {edge[-1]:g}], the "
                f"first at {name} = {outside[0]:g}; widen the extent"
            )
