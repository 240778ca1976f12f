"""The report on recorded trials: where letters become names, once all is scored and the gate has passed."""

from __future__ import annotations

from typing import Any

from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.data.hashing import path_sha256
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import provenance
from expertgen.data.publish import complete, publication
from expertgen.errors import IncompatibleArtifact
from expertgen.params import Params
from expertgen.stages.gate_files import PASSED, read_report, relative
from expertgen.stages.trials_figure import plot_trials
from expertgen.stages.trials_text import text
from expertgen.trials.paper import TABLE_XII
from expertgen.trials.recorded import names_of, read_recorded
from expertgen.trials.results import results
from expertgen.workspace import Workspace

METRICS, PAGE, FIGURE = "trials.json", "trials.md", "trials.png"


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Write trials.json, trials.md and trials.png into reports/trials/TASK: of each protocol in data/TASK/trials.

    The recorded trials fix all of it. Raises MissingInput where there are none or no verdict of their gate,
    IncompatibleArtifact for trials that were not all scored or a verdict on others, CorruptArtifact, StageBusy,
    CannotWrite.
    """
    data, reports = workspace.data("trials"), workspace.gate("trials")
    with stage_lock(workspace.lock("trials")):
        folders = {name: data / name for name in names_of(data)}
        judged = read_report(reports / PASSED)["sha256"]
        found = {relative(folder, workspace): path_sha256(folder) for folder in folders.values()}
        if judged != found:
            raise IncompatibleArtifact(
                f"{reports / PASSED} is a verdict on other trials than {data} holds. Run `expertgen gate_trials "
                f"{task}`."
            )
        report: dict[str, Any] = {
            "task": task, "protocols": {name: results(read_recorded(folder)) for name, folder in folders.items()},
            "paper": TABLE_XII.get(task, {}), "provenance": provenance("trials", task, params.seed, {}, folders),
        }  # fmt: skip
        complete(reports, "trials")
        with publication(reports, "trials") as folder:
            plot_trials(folder / FIGURE, report)
            atomic_write_text(folder / PAGE, text(report))
            atomic_write_json(folder / METRICS, report)
    print(f"trials: {reports / PAGE}")
