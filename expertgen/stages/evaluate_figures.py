"""The figures of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from expertgen.metrics.success_map import SuccessMap
from expertgen.metrics.wilson import Rate
from expertgen.params import Params
from expertgen.report.figures import plot_rates, plot_success_map
from expertgen.stages.policies import DISPLAY_NAMES


def draw_figures(folder: Path, metrics: dict[str, Any], maps: Mapping[str, SuccessMap], params: Params) -> None:
    """success.png and success_map.png in `folder`."""
    starts = (
        f"{metrics['episodes']} starts, the same for all, seeds {metrics['seed']} to "
        f"{metrics['seed'] + metrics['episodes'] - 1}"
    )
    kinds = {"any time": "success_any", "at the end": "success_end"}
    rates = {
        display: {kind: Rate.from_json(metrics["policies"][name][key]) for kind, key in kinds.items()}
        for name, display in DISPLAY_NAMES.items()
    }
    target = params.preflight.target
    plot_rates(folder / "success.png", rates, references={f"target {100 * target:g} %": target}, caption=starts)
    plot_success_map(
        folder / "success_map.png", {DISPLAY_NAMES[name]: built for name, built in maps.items()},
        caption=f"success at any time; {starts}; hatched: no start",
    )
