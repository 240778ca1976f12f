"""Figure: success over start positions, one panel per policy (ExpertGen, Fig. 6)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from expertgen.metrics.success_map import SuccessMap
from expertgen.metrics.wilson import format_rate
from expertgen.report.style import FAINT, MUTED, WIDTH, figure

PERCENT = Normalize(0, 100)
COLOURS = "viridis"
# Inches: beside the panels for labels and colour bar, above and below for titles and axes.
MARGIN_WIDTH, MARGIN_HEIGHT = 1.6, 1.3


def plot_success_map(path: Path, maps: Mapping[str, SuccessMap], *, caption: str = "") -> None:
    """Success rate in % over the object's start x and y in m, side by side, on one colour scale.

    maps: policy -> its map; yaw is summed over. Cells without starts are hatched. Titles give the rate over
    all starts with its 95 % Wilson interval. Raises ValueError without maps.
    """
    if not maps:
        raise ValueError("a success map figure needs at least one map")
    flat = {name: built.over_position() for name, built in maps.items()}
    first = next(iter(flat.values()))
    aspect = float(np.ptp(first.y_edges) / np.ptp(first.x_edges))
    panel_width = (WIDTH - MARGIN_WIDTH) / max(2, len(flat))
    with figure(path, float(np.clip(panel_width * aspect + MARGIN_HEIGHT, 2.6, 6.5)), caption) as canvas:
        canvas.set_layout_engine("compressed")  # panels of fixed aspect stay together
        panels = canvas.subplots(1, len(flat), squeeze=False, sharex=True, sharey=True)[0]
        for panel, (name, built) in zip(panels, flat.items(), strict=True):
            _panel(panel, name, built)
        panels[0].set_ylabel("start y [m]")
        bar = canvas.colorbar(ScalarMappable(PERCENT, COLOURS), ax=list(panels), pad=0.02, aspect=25)
        bar.set_label("success [%]")
        bar.outline.set_visible(False)


def _panel(panel: Axes, name: str, built: SuccessMap) -> None:
    panel.set_facecolor("white")
    panel.patch.set(hatch="////", edgecolor=FAINT)
    values = np.ma.masked_invalid(100 * built.rates.T)
    panel.pcolormesh(
        built.x_edges, built.y_edges, values, cmap=COLOURS, norm=PERCENT, edgecolor="white", lw=0.4
    )
    panel.set_aspect("equal")
    panel.set_xlabel("start x [m]")
    panel.set_title(name, pad=17, fontweight="bold")
    panel.text(
        0.5, 1.02, format_rate(built.total), transform=panel.transAxes, ha="center", fontsize=8, color=MUTED
    )
    panel.locator_params(nbins=4)
