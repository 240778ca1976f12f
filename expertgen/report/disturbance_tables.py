"""The tables of disturbed episodes in the report on all tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from expertgen.metrics.wilson import Rate
from expertgen.report.anytask_tables import NO_PAPER, NOT_MEASURED, Reports, both, name_of, percent
from expertgen.report.paper import TABLE_III
from expertgen.report.tables import markdown_grid


def perturbation_table(tasks: Sequence[str], perturbations: Reports, success: str) -> str:
    """Table III by `success`: rates with events, and in parentheses the drop against none."""
    header = ["task", "policy", "undisturbed", "gripper opened", "hand pushed"]
    rows = []
    for task in tasks:
        for policy in ("prior", "expert"):
            measured, printed = perturbations.get(task), TABLE_III.get(task, {}).get(policy)
            cells = [_disturbed(measured, policy, kind, success) for kind in ("undisturbed", "opening", "force")]
            theirs = [NO_PAPER] * 3
            if printed is not None:
                implied = dict.fromkeys(f"{event.undisturbed:.1f}" for event in printed.values())
                events = [printed[kind] for kind in ("opening", "force")]
                theirs = [" or ".join(implied), *(f"{event.success:.1f} ({_drop(event.drop)})" for event in events)]
            rows.append([name_of(task), policy, *map(both, cells, theirs)])
    return markdown_grid(header, rows, "<<>>>")


def recovery_table(tasks: Sequence[str], perturbations: Reports) -> str:
    """What became of the episodes that an event hit before their first success."""
    header = ["task", "policy", "events", "hit", "felt", "recovered of felt", "dropped", "recovered of dropped"]
    rows = []
    for task in tasks:
        for policy in ("prior", "expert") if task in perturbations else ():
            for kind, name in (("opening", "gripper opened"), ("force", "hand pushed")):
                found = perturbations[task]["policies"][policy][kind]
                row = [name_of(task), policy, name, str(found["hit"]["episodes"])]
                for which in ("felt", "dropped"):
                    rate = found[which]["recovered"]
                    row += [str(found[which]["episodes"]), NO_PAPER if rate is None else str(Rate.from_json(rate))]
                rows.append(row)
    return markdown_grid(header, rows, "<<<>>>>>") if rows else f"{NOT_MEASURED.capitalize()}.\n"


def _disturbed(perturbations: dict[str, Any] | None, policy: str, kind: str, success: str) -> str:
    if perturbations is None:
        return NOT_MEASURED
    found = perturbations["policies"][policy][kind]
    rate = percent(Rate.from_json(found[success]))
    return rate if kind == "undisturbed" else f"{rate} ({_drop(100 * found['drop'][success]['rate'])})"


def _drop(percent: float) -> str:
    return f"{abs(percent):.1f}{'↑' if percent < 0 else '↓'}"
