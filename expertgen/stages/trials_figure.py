"""The figure on trials: success of each policy with its interval beside the paper's, and the outcome on each start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from expertgen.report.style import FAINT, MUTED, SERIES_COLOURS, figure
from expertgen.trials.paper import METHODS

_OUTCOMES = ListedColormap([FAINT, SERIES_COLOURS[0], SERIES_COLOURS[2]])  # no result, failure, success


def plot_trials(path: Path, report: Mapping[str, Any]) -> None:
    """Write the figure as PNG: a row of two panels for each protocol."""
    protocols = report["protocols"]
    caption = "bars: success with 95 % Wilson intervals; dashed: the paper's robot (Table XII). Robot: " + ", ".join(
        f"{name} {one['robot']}" for name, one in protocols.items()
    )
    with figure(path, 2.6 * len(protocols) + 0.3, caption) as canvas:
        panels = canvas.subplots(len(protocols), 2, squeeze=False, width_ratios=(1, 1.4))
        for (left, right), (name, one) in zip(panels, protocols.items(), strict=True):
            _bars(left, one["policies"], report["paper"])
            left.set_title(name)
            _starts(right, one)


def _bars(axes: Axes, policies: list[dict[str, Any]], paper: Mapping[str, float]) -> None:
    for index, policy in enumerate(policies):
        success = policy["success"]
        if success is None:
            continue
        rate = 100 * success["rate"]
        around = [[rate - 100 * success["low"]], [100 * success["high"] - rate]]
        axes.bar(index, rate, color=SERIES_COLOURS[index % len(SERIES_COLOURS)], yerr=around, capsize=4, ecolor=MUTED)
        axes.annotate(f"n = {success['n']}", (index, 2), ha="center", color="white", fontsize=8)
    for key, percent in paper.items():
        axes.axhline(percent, color=MUTED, linestyle="--", linewidth=0.8)
        axes.annotate(f"{METHODS[key]} {percent:g}", (1, percent), xycoords=("axes fraction", "data"), ha="right",
                      va="bottom", fontsize=7, color=MUTED)  # fmt: skip
    axes.set_xticks(range(len(policies)), [policy["name"] for policy in policies], fontsize=8)
    axes.set_ylim(0, 105)
    axes.set_ylabel("success, %")


def _starts(axes: Axes, one: Mapping[str, Any]) -> None:
    names = [policy["name"] for policy in one["policies"]]
    value = {None: 0, False: 1, True: 2}
    grid = np.array([[value[start["success"][name]] for start in one["starts"]] for name in names])
    axes.pcolormesh(grid, cmap=_OUTCOMES, vmin=0, vmax=2, edgecolor="white", linewidth=1)
    axes.invert_yaxis()
    axes.set_yticks(np.arange(len(names)) + 0.5, names, fontsize=8)
    axes.set_xlabel(f"starts 1 to {len(one['starts'])}; green: success, red: failure, grey: no result", fontsize=8)
    axes.set_xticks([])
