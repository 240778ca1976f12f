"""The tables of the report on all tasks: ours and, after a slash, the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from expertgen.metrics.wilson import Rate
from expertgen.report.paper import TABLE_I, TABLE_II, TASKS
from expertgen.report.tables import markdown_grid

NOT_MEASURED = "not measured"
NO_PAPER = "-"
# Task -> the content of one of its reports.
Reports = dict[str, dict[str, Any]]


def name_of(task: str) -> str:
    """As the paper calls the task."""
    return TASKS.get(task, task.replace("_", " "))


def success_table(tasks: Sequence[str], metrics: Reports, success: str) -> str:
    """Table I by `success` (success_any | success_end)."""

    def cell(policy: str, task: str) -> tuple[str, str]:
        printed = TABLE_I[policy].get(task)
        theirs = NO_PAPER if printed is None else f"{printed[0]:.1f} ± {printed[1]:.1f}"
        return percent(_rate(metrics.get(task), policy, success)), theirs

    rows = [[name_of(task), *(both(*cell(policy, task)) for policy in TABLE_I)] for task in tasks]
    means = [_mean(tasks, metrics, policy, success) for policy in TABLE_I]
    return markdown_grid(
        ["task", "script", "prior", "expert"], [*rows, [_mean_name(tasks, metrics), *means]], "<>>>"
    )


def _mean(tasks: Sequence[str], metrics: Reports, policy: str, success: str) -> str:
    measured = {task: rate for task in tasks if (rate := _rate(metrics.get(task), policy, success)) is not None}
    if not measured:
        return NOT_MEASURED
    printed = [TABLE_I[policy][task][0] for task in measured if task in TABLE_I[policy]]
    theirs = f"{np.mean(printed):.1f}" if len(printed) == len(measured) else NO_PAPER
    return both(f"{100 * np.mean([rate.rate for rate in measured.values()]):.1f}", theirs)


def _mean_name(tasks: Sequence[str], metrics: Reports) -> str:
    measured = sum(task in metrics for task in tasks)
    return f"mean of the {measured} measured" if measured < len(tasks) else f"mean of {measured}"


def smoothness_table(tasks: Sequence[str], metrics: Reports) -> str:
    """Table II: DTW and jerk of prior and expert, and of the script, which the paper does not measure."""
    header = ["task", *(f"{policy}: {name}" for name in ("DTW", "jerk") for policy in ("script", "prior", "expert"))]
    rows: list[list[str]] = [[name_of(task)] for task in tasks]
    means = [_mean_name(tasks, metrics)]
    for index, name in enumerate(("dtw", "jerk")):
        digits = 3 if name == "dtw" else 2
        for policy in ("script", "prior", "expert"):
            ours = [_measured(metrics.get(task), policy, name) for task in tasks]
            theirs = [TABLE_II[policy][task][index] if task in TABLE_II.get(policy, {}) else None for task in tasks]
            pairs = list(zip(ours, theirs, strict=True))
            for row, pair in zip(rows, pairs, strict=True):
                row.append(_numbers(*pair, digits))
            known = [value for value in ours if value is not None]
            printed = [paper for mine, paper in pairs if mine is not None and paper is not None]
            means.append(_numbers(
                float(np.mean(known)) if known else None,
                float(np.mean(printed)) if printed and len(printed) == len(known) else None, digits,
            ))  # fmt: skip
    return markdown_grid(header, [*rows, means], "<" + ">" * (len(header) - 1))


def demonstrations_table(tasks: Sequence[str], demonstrations: Reports) -> str:
    """Fig. 7 in numbers."""
    header = ["task", "demonstrations", "of them successful", "prior, any time", "prior, at the end",
              "expert, any time", "expert, at the end"]  # fmt: skip
    rows = [
        [name_of(task), str(point["demonstrations"]), str(point["successful"]),
         *(str(Rate.from_json(point[policy][success])) for policy in ("prior", "expert")
           for success in ("success_any", "success_end"))]
        for task in tasks if task in demonstrations for point in demonstrations[task]["points"]
    ]  # fmt: skip
    return markdown_grid(header, rows, "<>>>>>>") if rows else f"{NOT_MEASURED.capitalize()}.\n"


def _rate(metrics: dict[str, Any] | None, policy: str, success: str) -> Rate | None:
    return None if metrics is None else Rate.from_json(metrics["policies"][policy][success])


def _measured(metrics: dict[str, Any] | None, policy: str, name: str) -> float | None:
    found = None if metrics is None else metrics["policies"][policy][name]
    return None if found is None else float(found["mean"])


def percent(rate: Rate | None) -> str:
    """ "99.6 [99.0, 99.8]"."""
    if rate is None:
        return NOT_MEASURED
    low, high = rate.interval
    return f"{100 * rate.rate:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _numbers(ours: float | None, theirs: float | None, digits: int) -> str:
    return both(
        NOT_MEASURED if ours is None else f"{ours:.{digits}f}", NO_PAPER if theirs is None else f"{theirs:.{digits}f}"
    )


def both(ours: str, theirs: str) -> str:
    """A cell: ours and the paper's."""
    return f"{ours} / {theirs}"
