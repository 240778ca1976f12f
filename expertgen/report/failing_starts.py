"""Which starts experts fail on, and how far the prior reaches there: the tables under the success maps (Fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from expertgen.metrics.success_map import Cell, Range, SuccessMap
from expertgen.metrics.wilson import Rate
from expertgen.report.anytask_tables import NOT_MEASURED, Reports, name_of, percent
from expertgen.report.tables import MISSING, markdown_grid

CELLS, STARTS = 3, 8  # at most so many cells of the map, each with at least so many starts


def failing_table(tasks: Sequence[str], metrics: Reports, preflights: Reports) -> str:
    """One line for each task in `metrics`: best of N noises of the prior, the expert, its failures and where."""
    rows = []
    for task in tasks:
        if task in metrics:
            end = Rate.from_json(metrics[task]["policies"]["expert"]["success_end"])
            rows.append([
                name_of(task), _best(preflights.get(task)), percent(end), str(end.n - end.successes),
                _where(success_map(metrics[task]["success_map"]["expert"])),
            ])  # fmt: skip
    header = ["task", "prior, best of N noises", "expert, at the end", "fails", "worst cells, at any time"]
    return markdown_grid(header, rows, "<>>><") if rows else f"{NOT_MEASURED.capitalize()}.\n"


def success_map(built: dict[str, Any]) -> SuccessMap:
    """A map from its JSON values."""
    arrays: dict[str, Any] = {name: None if edges is None else np.asarray(edges) for name, edges in built.items()}
    return SuccessMap(**arrays)


def _best(preflight: dict[str, Any] | None) -> str:
    if preflight is None:
        return NOT_MEASURED
    return f"{percent(Rate.from_json(preflight['best_of_n']))} of {preflight['noises']}"


def _where(built: SuccessMap) -> str:
    worst = built.over_position().worst(CELLS, STARTS)
    return "; ".join(_told(cell) for cell in worst if cell.rate.successes < cell.rate.n) or MISSING


def _told(cell: Cell) -> str:
    return f"x {_span(cell.x)}, y {_span(cell.y)}: {cell.rate.successes} of {cell.rate.n}"


def _span(bounds: Range) -> str:
    return f"{bounds[0]:.2f} to {bounds[1]:.2f}"
