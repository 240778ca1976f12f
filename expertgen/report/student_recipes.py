"""Figure: success of students against samples, for several ways of teaching them (ExpertGen, Fig. 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from expertgen.metrics.wilson import Rate
from expertgen.report.style import FAINT, MUTED, figure

_GAP = 0.06  # labels in the margin keep this fraction of the axis between them; nearer they would overlap
_TOP = 101.5  # %: a line at 100 % is not cut in half
_THOUSANDS = 4000  # samples, from which on they are counted in thousands


@dataclass(frozen=True)
class StudentCurve:
    """One student's line: its rates after so many `samples`, which rise. Raises ValueError for lengths that differ, or
    no point."""

    label: str
    colour: str
    dash: str
    samples: tuple[int, ...]
    rates: tuple[Rate, ...]

    def __post_init__(self) -> None:
        if not self.samples or len(self.samples) != len(self.rates):
            raise ValueError(f"curve {self.label!r}: needs as many rates as samples, and one or more, found "
                             f"{len(self.rates)} and {len(self.samples)}")  # fmt: skip


def plot_student_recipes(
    path: Path,
    panels: Mapping[str, Sequence[StudentCurve]],
    *,
    teacher: Rate | None = None,
    decay: tuple[int, int] | None = None,
    caption: str = "",
) -> None:
    """A panel for each title with its students' lines and bands of 95 % Wilson intervals, labelled where they end.

    teacher: its rate on the same starts, a horizontal line. decay: samples between which the teacher's share of
    decisions falls, which are shaded. Raises ValueError without curves.
    """
    drawn = {title: curves for title, curves in panels.items() if curves}
    if not drawn:
        raise ValueError("a figure of students needs at least one curve")
    everything = [curve for curves in drawn.values() for curve in curves]
    lowest = min(rate.interval[0] for curve in everything for rate in curve.rates)
    bottom = 10.0 * int(10 * min(lowest, teacher.rate if teacher else 1.0))
    most = max(curve.samples[-1] for curve in everything)
    unit = 1000 if most >= _THOUSANDS else 1
    with figure(path, 4.0, caption) as canvas:
        row = canvas.subplots(1, len(drawn), sharey=True, squeeze=False)[0]
        for panel, (title, curves) in zip(row, drawn.items(), strict=True):
            panel.set(ylim=(bottom, _TOP), xlim=(0, most / unit))
            panel.set(xlabel="samples [thousands]" if unit > 1 else "samples")
            panel.set_title(title, loc="left", fontsize=10, fontweight="bold")
            panel.grid(axis="y", color=FAINT, lw=0.8)
            panel.xaxis.set_major_locator(MaxNLocator(5))
            if decay:
                _shade(panel, (decay[0] / unit, decay[1] / unit))
            for curve in curves:
                _draw(panel, curve, unit)
            _label(panel, curves, teacher, unit)
        row[0].set_ylabel("success at the end [%]")


def _shade(panel: Axes, span: tuple[float, float]) -> None:
    panel.axvspan(*span, color="#F3F3F3", lw=0, zorder=-1)
    panel.annotate("α falls", ((span[0] + span[1]) / 2, 0.015), xycoords=("data", "axes fraction"), ha="center",
                   va="bottom", fontsize=8, color=MUTED)  # fmt: skip


def _draw(panel: Axes, curve: StudentCurve, unit: int) -> None:
    x = [count / unit for count in curve.samples]
    low, high = ([100 * rate.interval[side] for rate in curve.rates] for side in (0, 1))
    panel.fill_between(x, low, high, color=curve.colour, alpha=0.13, lw=0)
    if len(x) == 1:  # whose band has no width
        panel.vlines(x, low, high, color=curve.colour, lw=1.8, alpha=0.4, clip_on=False)
    panel.plot(x, [100 * rate.rate for rate in curve.rates], color=curve.colour, ls=curve.dash, lw=1.8, marker="o",
               ms=4, clip_on=False, zorder=3)  # fmt: skip


def _label(panel: Axes, curves: Sequence[StudentCurve], teacher: Rate | None, unit: int) -> None:
    """Names and last rates in the right margin, joined to the ends of their lines where they had to be moved."""
    wanted = [(100 * curve.rates[-1].rate, curve.label, curve.colour, curve.samples[-1] / unit) for curve in curves]
    if teacher:
        panel.axhline(100 * teacher.rate, color=MUTED, lw=1.0, ls=(0, (4, 3)), zorder=0)
        wanted.append((100 * teacher.rate, "teacher", MUTED, panel.get_xlim()[1]))
    wanted.sort(key=lambda label: label[0])
    low, high = panel.get_ylim()
    heights = spread([height for height, *_ in wanted], _GAP * (high - low), high)
    for (value, name, colour, x), height in zip(wanted, heights, strict=True):
        panel.annotate(
            f"{name}  {value:.1f} %", xy=(x, value), xytext=(1.07, height), xycoords="data",
            textcoords=("axes fraction", "data"), fontsize=8, color=colour, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.7, "alpha": 0.6, "shrinkA": 1, "shrinkB": 3,
                        "relpos": (0, 0.5)},
        )  # fmt: skip


def spread(heights: Sequence[float], gap: float, top: float) -> list[float]:
    """`heights`, which rise, moved as little as keeps `gap` between them and all of them below `top`: those that are
    too near to one another lie about their mean."""
    groups: list[tuple[float, int]] = []  # mean of the heights less the gaps below them, and how many they are
    for index, height in enumerate(heights):
        mean, count = height - index * gap, 1
        while groups and groups[-1][0] >= mean:
            below, more = groups.pop()
            mean, count = (mean * count + below * more) / (count + more), count + more
        groups.append((mean, count))
    flat = [mean for mean, count in groups for _ in range(count)]
    highest = top - (len(flat) - 1) * gap
    return [min(mean, highest) + index * gap for index, mean in enumerate(flat)]
