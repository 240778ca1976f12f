"""A steering run's learning curve, as data and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from expertgen.report.curves import Curve
from expertgen.report.figures import plot_learning_curves

REFERENCES = {"95 %": 0.95, "99 %": 0.99}


def plot_curve(folder: Path, points: Sequence[dict[str, Any]], seed: int) -> None:
    """Draw curve.png from the points of curve.json, as the steer stage wrote them."""
    first = points[0]["success_any"]
    caption = f"seed {seed}; {first['n']} starts per point, success at any time; at 0 decisions: the untrained actor"
    plot_learning_curves(folder / "curve.png", [curve_of("expert", seed, points)], REFERENCES, caption=caption)


def curve_of(recipe: str, seed: int, points: Sequence[dict[str, Any]], success: str = "success_any") -> Curve:
    """The points of one run as a Curve."""
    return Curve(
        recipe, seed,
        tuple(float(point["decisions"]) for point in points),
        tuple(float(point["wall_time_s"]) for point in points),
        tuple(float(point[success]["rate"]) for point in points),
    )  # fmt: skip
