"""Data gates: a stage of its own between each producer and its consumers."""

from __future__ import annotations

from pathlib import Path

from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.data.lock import stage_lock
from expertgen.data.publish import complete, publication
from expertgen.errors import require_known
from expertgen.gates.judge import judge
from expertgen.gates.page import failure, page, summary
from expertgen.gates.verdict import GateFailed, Verdict
from expertgen.params import Params
from expertgen.stages.gate_files import PASSED
from expertgen.stages.gate_inputs import GATES
from expertgen.workspace import Workspace

REPORT, PAGE = "gate.json", "gate.md"


def run(stage: str, params: Params, task: str, workspace: Workspace) -> None:
    """Judge what `stage` made, by the thresholds in `params.gates`, and leave it as it is.

    Writes gate.json, which is fixed by what is judged and by the parameters, gate.md for people, and, if nothing
    critical is broken, passed.json: the verdict and the SHA-256 of what was judged and nothing else. Consumers depend
    on passed.json alone, so a changed threshold that is still met reruns none of them.

    Raises GateFailed, naming the broken expectations and the episodes at fault: gate.json and gate.md are there then,
    passed.json is not. Raises UnknownName for a stage without a gate, MissingInput and CorruptArtifact for what
    cannot be judged, StageBusy, CannotWrite; passed.json is then absent too.
    """
    require_known("gate", stage, GATES)
    folder = workspace.gate(stage)
    with stage_lock(workspace.lock(f"gate_{stage}")):
        complete(folder, f"gate_{stage}")
        verdict = _verdict(stage, params, task, workspace, folder)
        with publication(folder, f"gate_{stage}") as fresh:
            atomic_write_json(fresh / REPORT, verdict.to_json())
            atomic_write_text(fresh / PAGE, page(verdict))
            if verdict.passed:
                atomic_write_json(fresh / PASSED, verdict.passed_json())
        print(summary(verdict))
        if not verdict.passed:
            raise GateFailed(failure(verdict, (folder / PAGE).relative_to(workspace.root).as_posix()))


def _verdict(stage: str, params: Params, task: str, workspace: Workspace, folder: Path) -> Verdict:
    """The verdict; what passed earlier passes no more once something was found that does not, or cannot be judged."""
    try:
        verdict = judge(stage, task, GATES[stage](params, task, workspace))
    except Exception:
        (folder / PASSED).unlink(missing_ok=True)
        raise
    if not verdict.passed:
        (folder / PASSED).unlink(missing_ok=True)
    return verdict
