"""What a release of other looks says of itself: its lineage, and what its card tells."""

from __future__ import annotations

import json
from typing import Any

from expertgen.benchmarks import TASKS
from expertgen.benchmarks.observation import OBSERVATION_NAMES
from expertgen.data.episodes import EpisodeStore
from expertgen.data.lerobot.episode import ReleaseInfo
from expertgen.data.provenance import fingerprint, provenance
from expertgen.env import ACTION_NAMES
from expertgen.params import Params, VisionParams, as_dict
from expertgen.sims.render import _egl_works as egl_works
from expertgen.stages.evaluate_metrics import definitions
from expertgen.stages.release import _kept as kept
from expertgen.stages.release import _lineage as lineage_of_release
from expertgen.workspace import Workspace

RANDOMISED, OPENGL = "_randomised", "OpenGL"  # behind a camera's name; what draws textures
_UNSEEN = ("calibration_position", "calibration_angle", "depth_noise", "depth_holes", "latency")


def looks_of(params: Params, vision: VisionParams, seed: int) -> dict[str, Any]:
    """All that the looks and the images in them depend on, beside the episodes; latency in s."""
    return {
        "seed": seed, "ranges": as_dict(params.vision.randomise), "latency": 0.0,
        "cameras": [as_dict(camera) for camera in vision.cameras], "fovy": vision.fovy,
        "width": vision.width, "height": vision.height, "drawn_by": OPENGL if egl_works() else "ray casting",
    }  # fmt: skip


def lineage(
    params: Params, task: str, workspace: Workspace, store: EpisodeStore, left_out: list[int], looks: dict[str, Any],
    episodes: int | None,
) -> dict[str, Any]:
    """As of the release of the same episodes, with the SHA-256 of the looks beside those of artifacts; `episodes`: how
    many were taken where some were not. Raises MissingInput where there is no prior, which it names."""
    released = lineage_of_release(params, task, workspace, store, left_out)
    parameters = released["provenance"]["parameters"] | {"looks": looks}
    if episodes is not None:
        parameters["first_episodes"] = episodes
    made_from = provenance("rerender", task, params.seed, parameters, {"rollouts": store.directory}, ("av", "pyarrow"))
    return released | {"looks": fingerprint(looks), "provenance": released["provenance"] | made_from}


def release_info(
    params: Params, task: str, vision: VisionParams, made_from: dict[str, Any], made: str
) -> ReleaseInfo:
    """What the release holds; its cameras are those of rollouts, and the students' as NAME_randomised. `made` tells
    how its episodes were made."""
    plain = {camera.name: (camera.width, camera.height) for camera in params.rollouts.cameras}
    drawn = {camera.name + RANDOMISED: (vision.width, vision.height) for camera in vision.cameras}
    return ReleaseInfo(
        task=task, instruction=TASKS[task].instruction, robot_type=params.simulation.robot,
        fps=round(params.simulation.control_hz), cameras=plain | drawn, license=params.release.license,
        observation_names=OBSERVATION_NAMES, action_names=ACTION_NAMES,
        success_definition=f"{definitions(params, task)['task']} `next.success` tells it after each action.",
        lineage=made_from, made=made,
    )  # fmt: skip


def made(params: Params, vision: VisionParams, made_from: dict[str, Any], left_out: list[int]) -> str:
    """How the expert's episodes, and the images of them, were made."""
    parameters = made_from["provenance"]["parameters"]
    first = parameters.get("first_episodes")
    some = f" Of these the first {first} are here." if first else ""
    return "\n\n".join([
        "Episodes of an expert policy in simulation: a diffusion policy learnt from scripted demonstrations, whose "
        "initial noise reinforcement learning steers (ExpertGen). They were recorded once, and drawn again under other "
        f"looks without being simulated again. {kept(params, len(left_out))}{some}",
        looks_text(params, vision, parameters["looks"]),
    ])  # fmt: skip


def looks_text(params: Params, vision: VisionParams, looks: dict[str, Any]) -> str:
    """The card's section on plain and drawn images, `looks` as of `looks_of`."""
    plain = [camera.name for camera in params.rollouts.cameras]
    drawn = [camera.name + RANDOMISED for camera in vision.cameras]
    ranges = {name: value for name, value in looks["ranges"].items() if name not in _UNSEEN}
    flat = "" if looks["drawn_by"] == OPENGL else ", which shows no textures and objects in their own sizes"
    return "\n\n".join([
        "## Looks",
        f"{_names(plain)} show the scene as it was recorded. {_names(drawn)} are the students' cameras, which stand "
        f"elsewhere, in {looks['width']} x {looks['height']} px: for each episode the cameras' places, angles and "
        "lenses, light, colours, textures, the sizes in which objects are seen, things that lie about, and faults of "
        "colour and focus are drawn at random, and stay so to its end. All images are of their moment: no camera is "
        f"late. Drawn by {looks['drawn_by']}{flat}.",
        f"An episode's look is drawn from the looks' seed, {looks['seed']}, and the seed of its start, in these ranges "
        "(params.yaml, `vision.randomise`). Looks and cameras have the SHA-256 below; meta/provenance.json holds them "
        "in full.",
        f"```json\n{json.dumps(ranges, indent=2)}\n```",
    ])  # fmt: skip


def _names(cameras: list[str]) -> str:
    return ", ".join(f"`{camera}`" for camera in cameras)
