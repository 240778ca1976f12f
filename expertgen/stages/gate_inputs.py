"""What each gate judges: the tables of what a stage made, what is expected of them, and the SHA-256 of the judged."""

from __future__ import annotations

from collections.abc import Callable

from expertgen.data.checkpoints import load_checkpoint
from expertgen.data.hashing import content_sha256, path_sha256
from expertgen.gates import expect_measurements as expect
from expertgen.gates.expect_episodes import ABRUPT
from expertgen.gates.table_rates import (
    curve_table,
    number_table,
    overlap_table,
    policy_table,
    preflight_table,
    report_table,
    student_curve_table,
    tensor_table,
)
from expertgen.gates.verdict import Judged, Part
from expertgen.params import Params
from expertgen.stages.gate_episodes import demos_parts, rollouts_parts
from expertgen.stages.gate_files import read_report, relative, report_sha256, understanding
from expertgen.stages.gate_seeds import seed_uses
from expertgen.workspace import Workspace


def demos(params: Params, task: str, workspace: Workspace) -> Judged:
    """The demonstrations. Raises MissingInput, CorruptArtifact."""
    store = workspace.data("demos")
    return Judged(demos_parts(params, task, store), {relative(store, workspace): path_sha256(store)})


def rollouts(params: Params, task: str, workspace: Workspace) -> Judged:
    """The expert's episodes. Raises MissingInput, CorruptArtifact."""
    store = workspace.data("rollouts")
    parts = rollouts_parts(params, task, store)
    (table,) = (part.table for part in parts)
    left_out = table["episode"][table[ABRUPT] == 1] if ABRUPT in table else ()
    return Judged(parts, {relative(store, workspace): path_sha256(store)}, tuple(int(number) for number in left_out))


def prior(params: Params, task: str, workspace: Workspace) -> Judged:
    """The prior's tensors, and its success in the pre-flight. Raises MissingInput, CorruptArtifact, and
    IncompatibleArtifact for a report without these numbers."""
    checkpoint, path = workspace.data("prior"), workspace.reports / "preflight.json"
    tensors, report = _tensors(workspace, "prior"), read_report(path)
    with understanding(path):
        rates = preflight_table(report)
        origin = report_table("preflight.json", report["provenance"]["inputs"]["prior"] == content_sha256(checkpoint))
    parts = [
        tensors,
        Part("reports", origin, ("report",), expect.OF_THIS_CHECKPOINT),
        Part("kinds of noise", rates, ("noise",), expect.prior(params.gates.prior)),
    ]
    return Judged(parts, {relative(each, workspace): path_sha256(each) for each in (checkpoint, path)})


def steer(params: Params, task: str, workspace: Workspace) -> Judged:
    """The expert's tensors, and its learning curve, of which wall times are neither judged nor hashed. Raises
    MissingInput, CorruptArtifact, and IncompatibleArtifact for a curve without points."""
    checkpoint, path = workspace.data("expert"), workspace.reports / "curve.json"
    points = read_report(path)
    with understanding(path):
        curve = curve_table(points)
    parts = [
        _tensors(workspace, "expert"),
        Part("points of the learning curve", curve, ("decisions",), expect.steer(params.gates.steer)),
    ]
    hashes = {
        relative(checkpoint, workspace): path_sha256(checkpoint),
        relative(path, workspace): report_sha256(points, without="wall_time_s"),
    }
    return Judged(parts, hashes)


def distill(params: Params, task: str, workspace: Workspace) -> Judged:
    """The student's tensors, and its learning curve: success, nearness to its teacher, what it was shown. Raises
    MissingInput, CorruptArtifact, and IncompatibleArtifact for a curve without points or another kind of checkpoint."""
    checkpoint, path, limits = workspace.data("student"), workspace.reports / "student_curve.json", params.gates.distill
    tensors, points = _tensors(workspace, "student"), read_report(path)
    with understanding(checkpoint):
        sees = load_checkpoint(checkpoint)[1]["config"]["sees"]
    with understanding(path):
        curve, numbers = student_curve_table(points), number_table(points[-1])
    expected = expect.distill_labels(limits) + expect.distill_shown(limits, sees)
    parts = [
        tensors,
        Part("points of the learning curve", curve, ("point",), expect.distill(limits)),
        Part("numbers of the last point", numbers, ("number",), expected),
    ]
    return Judged(parts, {relative(each, workspace): path_sha256(each) for each in (checkpoint, path)})


def evaluate(params: Params, task: str, workspace: Workspace) -> Judged:
    """The evaluation's success, and its starts. Raises MissingInput, CorruptArtifact, and IncompatibleArtifact for a
    report without these numbers."""
    path = workspace.reports / "metrics.json"
    report = read_report(path)
    with understanding(path):
        policies = policy_table(report)
        starts = range(report["seed"], report["seed"] + report["episodes"])
    others = {use: seeds for use, seeds in seed_uses(params).items() if use != "evaluation"}
    parts = [
        Part("policies", policies, ("policy",), expect.evaluate(params.gates.evaluate)),
        Part("other uses of starts", overlap_table(starts, others), ("use",), expect.NO_SHARED_STARTS),
    ]
    return Judged(parts, {relative(path, workspace): path_sha256(path)})


def _tensors(workspace: Workspace, name: str) -> Part:
    tensors, _ = load_checkpoint(workspace.data(name))
    arrays = {key: tensor.numpy() for key, tensor in tensors.items()}
    return Part(f"tensors of the {name}", tensor_table(arrays), ("tensor",), expect.TENSORS)


GATES: dict[str, Callable[[Params, str, Workspace], Judged]] = {
    "demos": demos,
    "prior": prior,
    "steer": steer,
    "rollouts": rollouts,
    "evaluate": evaluate,
    "distill": distill,
}
