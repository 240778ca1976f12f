"""Figure: success against decisions and against wall time, several seeds per recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from expertgen.report.curves import Axis, Curve, by_recipe, mean_curve, reaching_text
from expertgen.report.style import FAINT, MUTED, SERIES_COLOURS, figure

DASHES = ("-", "--", "-.", ":")
# Labels in the margin keep this fraction of the axis between them; nearer they would overlap.
LABEL_GAP = 0.055


def plot_learning_curves(
    path: Path,
    curves: Sequence[Curve],
    references: Mapping[str, float],
    *,
    target: float = 0.95,
    caption: str = "",
) -> None:
    """Two panels with a common success axis: decisions in thousands and wall time in minutes.

    Each run is a thin line, each recipe's mean a thick one over the range all its runs cover. references:
    label -> success in [0, 1] of horizontal lines, e.g. prior, zero noise, 95 %, 99 %. The legend names the
    decisions at which each run first meets `target`. Raises ValueError without curves.
    """
    groups = by_recipe(curves)
    if not groups:
        raise ValueError("learning curves need at least one curve")
    lowest = min([min(curve.success) for curve in curves] + list(references.values()))
    bottom = max(0.0, 100 * lowest - 4)
    with figure(path, 4.0 + 0.22 * len(groups), caption) as canvas:
        panels: Sequence[Axes] = canvas.subplots(1, 2, sharey=True)
        _draw(panels[0], groups, references, "decisions", 1000.0)
        _draw(panels[1], groups, references, "wall_time_s", 60.0)
        panels[0].set(xlabel="decisions [thousands]", ylabel="success [%]", ylim=(bottom, 101.5))
        panels[1].set(xlabel="wall time [min]")
        _label(panels[1], references, bottom)
        handles = [
            Line2D([], [], color=SERIES_COLOURS[i % len(SERIES_COLOURS)], ls=DASHES[i % len(DASHES)], lw=2.2)
            for i in range(len(groups))
        ]
        texts = [
            f"{recipe} ({len(group)} seed{'s' if len(group) > 1 else ''}): {reaching_text(group, target)}"
            for recipe, group in groups.items()
        ]
        canvas.legend(handles, texts, loc="outside upper left", ncols=1, handlelength=3.2)


def _draw(
    panel: Axes,
    groups: Mapping[str, Sequence[Curve]],
    references: Mapping[str, float],
    axis: Axis,
    unit: float,
) -> None:
    for value in references.values():
        panel.axhline(100 * value, color=FAINT, lw=1.2, zorder=0)
    for index, group in enumerate(groups.values()):
        colour = SERIES_COLOURS[index % len(SERIES_COLOURS)]
        for curve in group:
            x = [position / unit for position in curve.along(axis)]
            panel.plot(x, [100 * value for value in curve.success], color=colour, lw=0.8, alpha=0.45)
        if len(group) > 1:
            positions, mean = mean_curve(group, axis)
            panel.plot(positions / unit, 100 * mean, color=colour, lw=2.2, ls=DASHES[index % len(DASHES)])
    panel.set_xlim(left=0)


def _label(panel: Axes, references: Mapping[str, float], bottom: float) -> None:
    """Names of the horizontal lines in the right margin, pushed apart where lines lie close."""
    gap = LABEL_GAP * (101.5 - bottom)
    height = -1e9
    for name, value in sorted(references.items(), key=lambda item: item[1]):
        height = max(100 * value, height + gap)
        panel.annotate(
            name,
            xy=(1.0, 100 * value),
            xytext=(1.04, height),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            fontsize=8,
            color=MUTED,
            va="center",
            arrowprops={"arrowstyle": "-", "color": FAINT, "lw": 0.8, "shrinkA": 0, "shrinkB": 0},
        )
