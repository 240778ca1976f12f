"""What a release of a student's episodes says of itself: who acted, seeing what, taught by whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expertgen.data.hashing import content_sha256
from expertgen.data.json_file import read_json
from expertgen.data.provenance import fingerprint, provenance
from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.params import Params, as_dict
from expertgen.policies.student import StudentPolicy
from expertgen.stages.artifacts import PROVENANCE
from expertgen.stages.student_rollouts_choice import Choice
from expertgen.stages.student_rollouts_command import StudentOrder
from expertgen.workspace import Workspace

Origin = dict[str, dict[str, Any]]  # the provenance of student and prior, by those names


def require_origin(params: Params, workspace: Workspace, student: StudentPolicy) -> Origin:
    """What student and prior were made from. Raises MissingInput where either is not there or does not say, and
    IncompatibleArtifact for a student of another robot or prior, or of chunks of another length."""
    path, task = workspace.data("student"), workspace.task
    if student.config.horizon != params.prior.execute:
        raise IncompatibleArtifact(
            f"{path} decides {student.config.horizon} actions at a time, but prior.execute is {params.prior.execute}. "
            f"Restore that number, or teach it again with `expertgen distill {task}`."
        )
    origin = {name: _said(workspace.data(name), name, task) for name in ("student", "prior")}
    taught = origin["student"]["parameters"]["simulation"]
    for name in ("robot", "control_hz"):
        if taught[name] != (expected := getattr(params.simulation, name)):
            raise IncompatibleArtifact(
                f"{path} was taught with simulation.{name} {taught[name]}, the parameters say {expected}. Restore "
                f"that, or teach it again with `expertgen distill {task}`."
            )
    if origin["student"]["inputs"]["prior"] != content_sha256(workspace.data("prior")):
        raise IncompatibleArtifact(
            f"{path} was taught by the expert of another prior than {workspace.data('prior')}, so its lineage is not "
            f"known. Put that prior back, such as with `dvc checkout`, or teach the student again with `expertgen "
            f"distill {task}`."
        )
    return origin


def _said(path: Path, name: str, task: str) -> dict[str, Any]:
    """The provenance beside an artifact, which holds what is read of it here."""
    stage, inputs = {"student": ("distill", ("prior", "expert")), "prior": ("prior", ("demos",))}[name]
    again = f"Make the {name} with `expertgen {stage} {task}`, or fetch it with `dvc pull {stage}@{task}`."
    found = read_json(path / PROVENANCE)
    if found is None:
        raise MissingInput(f"no {path / PROVENANCE}, which the lineage of the dataset is read from. {again}")
    try:
        known = all(isinstance(found["inputs"][each], str) for each in inputs)
        if name == "student":
            known = known and {"robot", "control_hz"} <= found["parameters"]["simulation"].keys()
    except (KeyError, TypeError, AttributeError):
        known = False
    if not known:
        raise IncompatibleArtifact(f"{path / PROVENANCE} does not say what it was made from. {again}")
    return dict(found)


def lineage(
    params: Params, workspace: Workspace, origin: Origin, student: StudentPolicy, order: StudentOrder,
    looks: dict[str, Any],
) -> dict[str, Any]:
    """SHA-256 of what the episodes come from, the looks among it, and the provenance of this dataset."""
    path, task = workspace.data("student"), workspace.task
    simulation = as_dict(params.simulation)
    del simulation["num_threads"]
    parameters = {
        "policy": {"policy": "student", "sha256": content_sha256(path), "sees": student.sees,
                   "head": student.config.head},
        "starts": {"first": order.seed, "count": order.episodes},
        "release": {"episodes": "all" if order.all else "successes", "license": params.release.license},
        "simulation": simulation, "prior": {"execute": params.prior.execute}, "vision": as_dict(params.vision),
        "rollouts": {"cameras": [as_dict(camera) for camera in params.rollouts.cameras]}, "looks": looks,
    }  # fmt: skip
    if not order.all:
        limits = as_dict(params.gates.rollouts)
        names = ("joint_margin", "joint_speed", "position_jump", "rotation_jump")
        parameters["gates"] = {"rollouts": {name: limits[name] for name in names}}
    made_from = provenance("student_rollouts", task, params.seed, parameters, {"student": path},
                           ("av", "pyarrow", "scipy"))  # fmt: skip
    inputs = origin["student"]["inputs"]
    return {
        "demos": origin["prior"]["inputs"]["demos"], "prior": inputs["prior"], "expert": inputs["expert"],
        "student": made_from["inputs"]["student"], "looks": fingerprint(looks),
        "provenance": made_from | origin,
    }  # fmt: skip


def how_made(params: Params, student: StudentPolicy, order: StudentOrder, choice: Choice, looks: str) -> str:
    """The card's text on how the episodes were made, `looks` its section on images."""
    head = "a diffusion head, which starts from zero noise" if student.config.head == "diffusion" else "a regression"
    first, last = order.seed, order.seed + order.episodes - 1
    played = choice.success
    return "\n\n".join([
        f"Episodes of a student policy in simulation, which sees {_sees(params, student)}, and the joints, tool pose "
        f"and gripper's width that the arm reports; its actions come from {head}. It was taught by an expert policy "
        "that is told where every object is (ExpertGen), and acted here by itself: no action is the expert's. "
        f"It decided every {params.prior.execute} control steps, deterministically. `observation.state` is what the "
        "expert would have been told, poses of objects among it, which the student was not.",
        f"From {order.episodes} starts that it was not taught on (seeds {first} to {last}), each under a look of its "
        f"own, it succeeded at the end of {played.successes}: {played}. {_kept(order, choice)}",
        looks,
        f"The student acted under these very looks. {_differences(student)}",
    ])  # fmt: skip


def _sees(params: Params, student: StudentPolicy) -> str:
    vision = params.vision
    if student.sees == "points":
        return (f"one cloud of {vision.cloud.points} points, made of the depth images of {len(vision.cameras)} cameras "
                "of known pose, and no colours")  # fmt: skip
    return f"colour images of {len(vision.cameras)} cameras, {vision.width} x {vision.height} px"


def _differences(student: StudentPolicy) -> str:
    late = "late by the look's latency"
    if student.sees == "points":
        return ("What it saw is not in this dataset: depth from the cameras `NAME_randomised`, with noise, holes and "
                f"errors of calibration, {late}.")  # fmt: skip
    return f"It saw the images `NAME_randomised` in its own size, at every decision, {late}, and never the plain ones."


def _kept(order: StudentOrder, choice: Choice) -> str:
    unhealthy = f" {choice.unhealthy} could not be simulated to the end." if choice.unhealthy else ""
    if order.all:
        return ("Every episode that could be simulated is here, failures too: `success_end` in meta/episodes marks "
                f"them.{unhealthy}")  # fmt: skip
    abrupt = f" Left out of these, as they move more abruptly than a robot shall: {choice.abrupt}."
    return f"Only episodes that succeeded at their end are here.{abrupt if choice.abrupt else ''}{unhealthy}"
