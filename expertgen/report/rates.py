"""Figures of success rates: bars per policy, and success against DDIM steps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from expertgen.metrics.wilson import Rate, format_rate
from expertgen.report.style import FAINT, MUTED, figure, policy_colour

MARKERS = ("o", "s", "^", "D", "v", "P")


def plot_rates(
    path: Path,
    rates: Mapping[str, Mapping[str, Rate]],
    *,
    references: Mapping[str, float] | None = None,
    caption: str = "",
) -> None:
    """Horizontal bars with 95 % Wilson intervals and the numbers beside them.

    rates: policy -> success definition ("any time", "at the end") -> rate; later definitions are drawn paler.
    references: label -> success in [0, 1] of vertical lines. Raises ValueError without rates.
    """
    rows = [(policy, kind, rate) for policy, kinds in rates.items() for kind, rate in kinds.items()]
    if not rows:
        raise ValueError("a rate figure needs at least one rate")
    policies = list(rates)
    with figure(path, 1.1 + 0.42 * len(rows) + 0.15 * len(policies), caption) as canvas:
        panel = canvas.subplots()
        heights: list[float] = []
        for index, policy in enumerate(policies):
            for order, rate in enumerate(rates[policy].values()):
                heights.append((heights[-1] + (1.0 if order else 1.45)) if heights else 0.0)
                _bar(panel, heights[-1], rate, policy_colour(policy, index), 1.0 - 0.45 * min(order, 1))
        panel.set_yticks(heights, [f"{policy}, {kind}" if kind else policy for policy, kind, _ in rows])
        panel.tick_params(axis="y", length=0)
        for name, value in (references or {}).items():
            panel.axvline(100 * value, color=MUTED, lw=1, ls=(0, (4, 3)), zorder=0)
            panel.text(100 * value, -0.75, name, ha="center", va="bottom", fontsize=8, color=MUTED)
        panel.set(
            xlim=(0, 100), xlabel="success [%], with 95 % Wilson interval", ylim=(max(heights) + 0.6, -0.7)
        )


def _bar(panel: Axes, height: float, rate: Rate, colour: str, alpha: float) -> None:
    low, high = rate.interval
    panel.barh(height, 100 * rate.rate, height=0.8, color=colour, alpha=alpha)
    panel.plot([100 * low, 100 * high], [height, height], color="black", lw=1.4, marker="|", ms=7)
    panel.annotate(
        format_rate(rate),
        xy=(1.02, height),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=9,
        annotation_clip=False,
    )


def plot_ddim(path: Path, series: Mapping[str, Mapping[int, Rate]], *, caption: str = "") -> None:
    """Success against DDIM steps on a logarithmic axis, with 95 % Wilson intervals.

    series: name ("Gaussian noise", "zero noise") -> steps -> rate. Raises ValueError without points.
    """
    steps = sorted({step for rates in series.values() for step in rates})
    if not steps:
        raise ValueError("a DDIM figure needs at least one rate")
    with figure(path, 3.6, caption) as canvas:
        panel = canvas.subplots()
        for index, (name, rates) in enumerate(series.items()):
            # Series are set slightly apart so that their intervals do not cover one another.
            shift = 1.03 ** (index - (len(series) - 1) / 2)
            x = sorted(rates)
            middle = [100 * rates[step].rate for step in x]
            below = [100 * (rates[step].rate - rates[step].interval[0]) for step in x]
            above = [100 * (rates[step].interval[1] - rates[step].rate) for step in x]
            panel.errorbar(
                [step * shift for step in x],
                middle,
                yerr=[below, above],
                label=name,
                color=policy_colour(name, index),
                marker=MARKERS[index % len(MARKERS)],
                capsize=3,
                lw=1.6,
            )
        panel.set_xscale("log", base=2)
        panel.set_xticks(steps, [str(step) for step in steps])
        panel.xaxis.set_minor_locator(NullLocator())
        panel.grid(axis="y", color=FAINT, lw=0.8)
        panel.set(xlabel="DDIM steps", ylabel="success [%]")
        panel.legend(loc="best")
