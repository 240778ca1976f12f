"""The expert's recorded episodes under newly drawn looks, beside the plain images, as a released dataset."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import numpy as np

from expertgen.benchmarks import TASKS
from expertgen.camera_env import look_seed
from expertgen.data.episodes import EpisodeStore
from expertgen.data.lerobot.episode import ReleaseEpisode
from expertgen.data.lerobot.writer import write_release
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint
from expertgen.errors import IncompatibleArtifact, InvalidParameter
from expertgen.params import Params, VisionParams
from expertgen.stages.frames import FINGER_COLUMNS, JOINT_COLUMNS
from expertgen.stages.progress import progress
from expertgen.stages.release import _chosen as releasable  # asked of the stage itself, so that both take the same
from expertgen.stages.release_verdict import released_without
from expertgen.stages.release_verify import tell
from expertgen.stages.rerender_command import Order
from expertgen.stages.rerender_info import RANDOMISED, lineage, looks_of, made, release_info
from expertgen.stages.rerender_shard import EpisodeToDraw, draw_episode
from expertgen.stages.workers import run_in_workers
from expertgen.vision.look import draw_look
from expertgen.workspace import Workspace

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(params: Params, task: str, workspace: Workspace, target: Path, order: Order) -> None:
    """Write the episodes of data/TASK/rollouts that can be released, with the images that `order` asks for, as the
    release `target`, verified before it is put in place.

    rollouts.workers processes draw; their number changes no byte. Stopped amid its work it leaves no `target`. Raises
    InvalidParameter for a target that holds anything, MissingInput, also for a verdict of the gate of rollouts that is
    not there, CorruptArtifact, IncompatibleArtifact for a verdict on other rollouts or another robot's, StageBusy,
    CannotWrite, WorkerFailed.
    """
    require_free(target, workspace)
    store = EpisodeStore.open(workspace.data("rollouts"))
    _require_same_robot(store, params)
    left_out = released_without(params, task, workspace)
    released = releasable(params, store, left_out)
    chosen = released[: order.episodes]
    vision = drawn_vision(params, order.size)
    looks = looks_of(params, vision, order.seed)
    made_from = lineage(params, task, workspace, store, left_out, looks, len(chosen) if chosen != released else None)
    info = release_info(params, task, vision, made_from, made(params, vision, made_from, left_out))
    name = f"rerender-{fingerprint({'target': str(target.resolve())})[:12]}"
    with stage_lock(workspace.lock(name)), closing(_episodes(params, task, store, chosen, vision, order)) as episodes:
        require_free(target, workspace)  # a run before this one may just have put it there
        report = write_release(target, episodes, info)
    tell(target, report)


def require_free(target: Path, workspace: Workspace) -> None:
    """Raises InvalidParameter unless `target` is absent or an empty folder, and no part of a stage's outputs."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise InvalidParameter(
            f"TARGET: {target} is there and not an empty folder. Nothing is replaced: give another, or remove it first."
        )
    for name in ("demos", "prior", "expert", "rollouts", "release", "student"):
        if target.resolve().is_relative_to(workspace.data(name).resolve()):
            raise InvalidParameter(f"TARGET: {target} lies in {workspace.data(name)}, a stage's output. Give another.")


def _require_same_robot(store: EpisodeStore, params: Params) -> None:
    recorded = store.provenance["parameters"]["simulation"]
    for name in ("robot", "control_hz"):
        found, expected = recorded[name], getattr(params.simulation, name)
        if found != expected:
            raise IncompatibleArtifact(
                f"{store.directory} was recorded with simulation.{name} {found}, the parameters say {expected}. Take "
                "the parameters it was made with, or run `expertgen rollouts` again."
            )


def drawn_vision(params: Params, size: tuple[int, int] | None) -> VisionParams:
    """The students' cameras, with images of `size` (width, height) px where one is given."""
    width, height = size or (params.vision.width, params.vision.height)
    return dataclasses.replace(params.vision, width=width, height=height)


def _episodes(
    params: Params, task: str, store: EpisodeStore, chosen: list[int], vision: VisionParams, order: Order
) -> Generator[ReleaseEpisode, None, None]:
    """The chosen episodes in turn, with the cameras' images as stored, and with those that are drawn anew."""
    seeds, workers = store.read_episodes("seed"), params.rollouts.workers
    to_draw = _to_draw(params, task, store, chosen, vision, order.seed)
    with (
        progress("rerender", len(chosen), "episodes") as bar,
        closing(in_turn(draw_episode, to_draw, workers)) as drawn,
    ):
        for index, randomised in zip(chosen, drawn, strict=True):
            steps = store.episode(index)
            images = {name.removeprefix("image_"): value for name, value in steps.items() if name.startswith("image_")}
            yield ReleaseEpisode(
                observation=steps["observation"], action=steps["action"],
                joints=steps["observation"][:, JOINT_COLUMNS].copy(), success=steps["success"],
                seed=int(seeds[index]), source={"store": "rollouts", "episode": index, "looks": order.seed},
                images=images | {name + RANDOMISED: value for name, value in randomised.items()},
            )  # fmt: skip
            bar.update()


def in_turn(
    work: Callable[[Item], tuple[int, Result]], items: list[Item], workers: int
) -> Generator[Result, None, None]:
    """What `work` gives for each, beside its number, in their order, whatever the order in which they are done."""
    early: dict[int, Result] = {}
    due = 0
    with closing(run_in_workers(work, items, workers)) as results:
        for number, result in results:
            early[number] = result
            while due in early:
                yield early.pop(due)
                due += 1


def _to_draw(
    params: Params, task: str, store: EpisodeStore, chosen: list[int], vision: VisionParams, seed: int
) -> list[EpisodeToDraw]:
    """The chosen episodes' looks, each of its start's own, and states before the actions."""
    seeds, starts = store.read_episodes("seed"), store.read_episodes("start_objects").astype(np.float64)
    # The whole store's at once: to read one episode alone would unpack its images too.
    steps = (store.read_steps(name).astype(np.float64) for name in ("observation", "objects"))
    observation, objects = (np.split(array, store.episode_ends[:-1]) for array in steps)
    found = []
    for number, index in enumerate(chosen):
        look = draw_look(vision, TASKS[task].num_objects, look_seed(seed, seeds[index]))
        found.append(EpisodeToDraw(
            number, task, params.simulation.robot, vision, look, starts[index],
            observation[index][:, JOINT_COLUMNS], observation[index][:, FINGER_COLUMNS],
            np.concatenate([starts[index][None], objects[index][:-1]]),  # recorded after the actions
        ))  # fmt: skip
    return found
