"""Figure: how often each start is solved under random noise, the picture of the steerability pre-flight."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from expertgen.metrics.wilson import Rate, format_rate
from expertgen.report.style import POLICY_COLOURS, figure


def plot_steerability(
    path: Path, successes: ArrayLike, noises: int, *, zero_noise: Rate | None = None, caption: str = ""
) -> None:
    """Histogram of starts over how many of their `noises` Gaussian noises succeed.

    successes: (S,) whole numbers, for each start how many of its noises succeed. The bar at zero holds the
    starts which steering was not shown to reach; all others are solved by the best of their noises.
    zero_noise: the prior's rate with zero noise, drawn beside the Gaussian mean.
    Raises ValueError for no starts or counts out of range.
    """
    counts = np.asarray(successes)
    if counts.ndim != 1 or counts.size == 0 or counts.min() < 0 or counts.max() > noises:
        raise ValueError(f"expected counts (S >= 1,) between 0 and {noises}, found shape {counts.shape}")
    starts = np.bincount(counts.astype(np.int64), minlength=noises + 1)
    gaussian = Rate(int(counts.sum()), counts.size * noises)
    solved = Rate(int(np.sum(counts > 0)), int(counts.size))
    unsolved, colour = POLICY_COLOURS["expert"], POLICY_COLOURS["prior"]
    with figure(path, 4.4, caption) as canvas:
        panel = canvas.subplots()
        colours = [unsolved] + [colour] * noises
        bars = panel.bar(np.arange(noises + 1), starts, width=0.85, color=colours)
        bars[0].set(hatch="///", edgecolor="white")
        handles: list[Patch | Line2D] = [
            Patch(facecolor=unsolved, hatch="///", edgecolor="white"),
            Patch(facecolor=colour),
        ]
        labels = [
            f"no noise solves the start: {starts[0]} of {counts.size}",
            f"best of {noises} noises solves it: {format_rate(solved)}",
        ]
        # The Gaussian mean has no interval here: noises of one start are not independent trials.
        marks = [("--", gaussian.rate, f"mean of Gaussian noise: {100 * gaussian.rate:.1f} %")]
        if zero_noise is not None:
            marks.append((":", zero_noise.rate, f"zero noise: {format_rate(zero_noise)}"))
        for dashes, rate, text in marks:
            panel.axvline(noises * rate, color="black", ls=dashes, lw=1.5)
            handles.append(Line2D([], [], color="black", ls=dashes, lw=1.5))
            labels.append(text)
        ticks = np.unique(np.linspace(0, noises, 9).round().astype(int))
        panel.set_xticks(ticks, [f"{100 * tick / noises:.3g}" for tick in ticks])
        panel.set(xlabel=f"success of the start over {noises} Gaussian noises [%]", ylabel="starts")
        panel.margins(y=0.08)
        canvas.legend(handles, labels, loc="outside upper left", ncols=2)
