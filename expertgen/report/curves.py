"""Learning curves as plain data, and what can be read off them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Axis = Literal["decisions", "wall_time_s"]


@dataclass(frozen=True)
class Curve:
    """Success of one training run at its evaluations, in order.

    decisions: noise vectors chosen so far, over all environments; wall_time_s: seconds since training began;
    success: fractions in [0, 1]. One entry per evaluation. Raises ValueError for lengths that differ or none.
    """

    recipe: str
    seed: int
    decisions: tuple[float, ...]
    wall_time_s: tuple[float, ...]
    success: tuple[float, ...]

    def __post_init__(self) -> None:
        lengths = (len(self.decisions), len(self.wall_time_s), len(self.success))
        if len(set(lengths)) != 1 or lengths[0] == 0:
            raise ValueError(
                f"curve {self.recipe!r}, seed {self.seed}: needs equal, positive lengths, found {lengths}"
            )

    def along(self, axis: Axis) -> tuple[float, ...]:
        """Decisions, or wall time in s."""
        return self.decisions if axis == "decisions" else self.wall_time_s

    def first_reaching(self, target: float, axis: Axis = "decisions") -> float | None:
        """Decisions (or seconds) at the first evaluation with success >= target; None where none has it."""
        for position, success in zip(self.along(axis), self.success, strict=True):
            if success >= target:
                return position
        return None


def mean_curve(curves: Sequence[Curve], axis: Axis) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean success (K,) over runs at positions (K,) along `axis`, where all runs have values.

    Runs are joined linearly between their evaluations; the positions are all evaluations of all runs.
    """
    along = [np.asarray(curve.along(axis), np.float64) for curve in curves]
    low, high = max(x[0] for x in along), min(x[-1] for x in along)
    positions = np.unique(np.concatenate(along))
    positions = positions[(positions >= low) & (positions <= high)]
    values = [np.interp(positions, x, curve.success) for x, curve in zip(along, curves, strict=True)]
    return positions, np.mean(values, axis=0)


def by_recipe(curves: Sequence[Curve]) -> dict[str, list[Curve]]:
    """Curves grouped by recipe, in order of first appearance, each group in order of seed."""
    groups: dict[str, list[Curve]] = {}
    for curve in curves:
        groups.setdefault(curve.recipe, []).append(curve)
    return {recipe: sorted(group, key=lambda curve: curve.seed) for recipe, group in groups.items()}


def reaching_text(curves: Sequence[Curve], target: float) -> str:
    """ "95 % after 21k, 25k, 31k decisions": each run's first evaluation at the target, best first."""
    reached = sorted(value for curve in curves if (value := curve.first_reaching(target)) is not None)
    missed = len(curves) - len(reached)
    name = f"{100 * target:g} %"
    if not reached:
        return f"{name} not reached"
    listed = ", ".join(format_thousands(value) for value in reached)
    return f"{name} after {listed} decisions" + (f"; {missed} of {len(curves)} runs never" if missed else "")


def format_thousands(value: float) -> str:
    """21504 as "21.5k", 300 as "300"."""
    return f"{value / 1000:.3g}k" if value >= 1000 else f"{value:.0f}"
