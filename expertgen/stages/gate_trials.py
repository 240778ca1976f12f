"""The gate of recorded trials. It judges them behind their letters: it never learns which policy is which."""

from __future__ import annotations

import pandas as pd

from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.data.hashing import path_sha256
from expertgen.data.lock import stage_lock
from expertgen.data.publish import complete, publication
from expertgen.env import WORKSPACE
from expertgen.gates.judge import judge
from expertgen.gates.page import failure, page, summary
from expertgen.gates.verdict import GateFailed, Judged, Part
from expertgen.params import Params
from expertgen.stages.gate_files import PASSED, relative
from expertgen.trials import gate_expectations as expect
from expertgen.trials.gate_tables import line_table, session_row, trial_rows
from expertgen.trials.recorded import names_of
from expertgen.workspace import Workspace

GATE, REPORT, PAGE = "trials", "gate.json", "gate.md"  # as of all gates, see stages.gate


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Judge all trials in data/TASK/trials by `params.gates.trials`, and leave them as they are.

    Writes gate.json, gate.md and, where it passes, passed.json into reports/trials/TASK. Raises GateFailed, naming the
    lines, protocols and trials at fault, MissingInput where no trials were recorded, StageBusy, CannotWrite.
    """
    folder = workspace.gate(GATE)
    with stage_lock(workspace.lock(f"gate_{GATE}")):
        complete(folder, f"gate_{GATE}")
        passed = folder / PASSED
        try:
            verdict = judge(GATE, task, judged(params, workspace))
        except Exception:
            passed.unlink(missing_ok=True)
            raise
        if not verdict.passed:
            passed.unlink(missing_ok=True)
        with publication(folder, f"gate_{GATE}") as fresh:
            atomic_write_json(fresh / REPORT, verdict.to_json())
            atomic_write_text(fresh / PAGE, page(verdict))
            if verdict.passed:
                atomic_write_json(fresh / PASSED, verdict.passed_json())
        print(summary(verdict))
        if not verdict.passed:
            raise GateFailed(failure(verdict, relative(folder / PAGE, workspace)))


def judged(params: Params, workspace: Workspace) -> Judged:
    """The tables, what is expected of them, and the SHA-256 of each protocol's trials. Raises MissingInput."""
    limits, data = params.gates.trials, workspace.data("trials")
    folders = [data / name for name in names_of(data)]
    trials = [row for folder in folders for row in trial_rows(folder, WORKSPACE)]
    lines = pd.concat([line_table(folder) for folder in folders], ignore_index=True)
    parts = [
        Part("lines of the log", lines, ("line", "session"), expect.LINES),
        Part("protocols", pd.DataFrame([session_row(folder) for folder in folders]), ("session",),
             expect.sessions(limits)),
        Part("trials that count", pd.DataFrame(trials, columns=None if trials else ["trial", "letter"]),
             ("trial", "letter"), expect.trials(limits)),
    ]  # fmt: skip
    return Judged(parts, {relative(folder, workspace): path_sha256(folder) for folder in folders})
