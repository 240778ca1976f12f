"""reports/anytask.md: all tasks' measurements beside the paper's, and what differs (ExpertGen, Tables I to III)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expertgen.data.atomic import atomic_write_text
from expertgen.data.lock import stage_lock
from expertgen.data.publish import publication
from expertgen.metrics.wilson import Rate
from expertgen.params import Params
from expertgen.report.anytask_figures import (
    plot_demonstrations,
    plot_maps,
    plot_perturbation_bars,
    plot_success_bars,
)
from expertgen.report.anytask_tables import Reports, name_of
from expertgen.report.failing_starts import success_map
from expertgen.report.paper import TABLE_I, TABLE_III
from expertgen.stages.gate_files import read_report, understanding
from expertgen.stages.report_text import report_text
from expertgen.workspace import Workspace

NAME = "anytask"
# What is read of each task, below reports. Not in reports/TASK what no stage makes: DVC has to see it change.
FILES = {
    "metrics": "{task}/metrics.json",
    "perturbations": "{task}/perturbations.json",
    "demonstrations": "demonstrations/{task}.json",
    "preflight": "{task}/preflight.json",
}


def run(params: Params, root: Path) -> None:
    """Write reports/anytask.md and its figures in reports/anytask from what stands in FILES of the tasks that `params`
    lists; what is not there is told as not measured.

    Raises CorruptArtifact and IncompatibleArtifact for a report that cannot be read or lacks numbers, StageBusy,
    CannotWrite.
    """
    workspace = Workspace(root, NAME)
    with stage_lock(workspace.lock("report")):
        found = [_read(params.tasks, root, name) for name in FILES.values()]
        metrics, perturbations, demonstrations, preflights = found
        with publication(root / "reports", "report") as folder, understanding(root / "reports"):
            _figures(folder / NAME, params, metrics, perturbations, demonstrations)
            shown = {path.name for path in (folder / NAME).iterdir()}
            text = report_text(params, metrics, perturbations, demonstrations, preflights, shown)
            atomic_write_text(folder / f"{NAME}.md", text)
    measured = ", ".join(f"{len(reports)} of {name}.json" for name, reports in zip(FILES, found, strict=True))
    print(f"report: {root / 'reports' / f'{NAME}.md'}, from {measured}")


def _read(tasks: tuple[str, ...], root: Path, name: str) -> Reports:
    paths = {task: root / "reports" / name.format(task=task) for task in tasks}
    return {task: read_report(path) for task, path in paths.items() if path.exists()}


def _figures(
    folder: Path, params: Params, metrics: Reports, perturbations: Reports, demonstrations: Reports
) -> None:
    folder.mkdir()
    _success(folder / "success.png", params, metrics)
    if metrics:
        maps = {
            name_of(task): {policy: success_map(built) for policy, built in found["success_map"].items()}
            for task, found in metrics.items()
        }
        plot_maps(folder / "success_maps.png", maps, "success at any time over start positions; hatched: no start")
    if perturbations:
        _perturbations(folder / "perturbations.png", perturbations)
    if demonstrations:
        curves = {name_of(task): _curves(found) for task, found in demonstrations.items()}
        plot_demonstrations(folder / "demonstrations.png", curves, "success at any time, 95 % Wilson intervals")


def _success(path: Path, params: Params, metrics: Reports) -> None:
    rates = {
        name_of(task): {
            policy: Rate.from_json(metrics[task]["policies"][policy]["success_any"])
            for policy in TABLE_I if task in metrics
        }
        for task in params.tasks
    }  # fmt: skip
    printed = {
        name_of(task): {policy: column[task][0] for policy, column in TABLE_I.items() if task in column}
        for task in params.tasks
    }
    plot_success_bars(path, rates, printed, "ours: success at any time")


def _perturbations(path: Path, perturbations: Reports) -> None:
    rates = {
        name_of(task): {
            policy: {kind: Rate.from_json(found["success_any"]) for kind, found in kinds.items()}
            for policy, kinds in report["policies"].items()
        }
        for task, report in perturbations.items()
    }
    printed = {
        name_of(task): {
            policy: {kind: value.success for kind, value in kinds.items()} for policy, kinds in policies.items()
        }
        for task, policies in TABLE_III.items()
    }
    plot_perturbation_bars(path, rates, printed, "ours: success at any time")


def _curves(demonstrations: dict[str, Any]) -> dict[str, dict[int, Rate]]:
    return {
        policy: {
            point["demonstrations"]: Rate.from_json(point[policy]["success_any"]) for point in demonstrations["points"]
        }
        for policy in ("prior", "expert")
    }
