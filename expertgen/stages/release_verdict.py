"""Which of the expert's episodes a release leaves out, as the gate of rollouts says."""

from __future__ import annotations

from expertgen.data.hashing import path_sha256
from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.params import Params
from expertgen.stages.gate_files import PASSED, read_report, relative, understanding
from expertgen.workspace import Workspace


def released_without(params: Params, task: str, workspace: Workspace) -> list[int]:
    """Numbers of the episodes in data/TASK/rollouts that are too abrupt to release; none are left out where all are
    asked for. Raises MissingInput without a verdict, CorruptArtifact, IncompatibleArtifact for one on other rollouts.
    """
    if params.release.episodes == "all":
        return []
    store, path = workspace.data("rollouts"), workspace.gate("rollouts") / PASSED
    command = f"`expertgen gate_rollouts {task}`"
    if not path.exists():
        raise MissingInput(
            f"no verdict on {store}: the gate of rollouts has not passed, which says what episodes can be released. "
            f"Run {command} (in the same profile), or set release.episodes: all."
        )
    verdict = read_report(path)
    with understanding(path):
        judged = verdict["sha256"][relative(store, workspace)]
        left_out = [int(number) for number in verdict.get("left_out", [])]
    if judged != path_sha256(store):
        raise IncompatibleArtifact(f"{path} judges other episodes than those in {store} now. Run {command} again.")
    return left_out
