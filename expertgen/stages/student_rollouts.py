"""The student's episodes as a released dataset: it acts by itself, seen plainly and under the looks it acted under."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.camera_env import look_seed
from expertgen.data.lerobot.episode import ReleaseEpisode, check_info
from expertgen.data.lerobot.writer import write_release
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint
from expertgen.errors import require_known
from expertgen.params import Params, VisionParams
from expertgen.rollout import Episodes, concatenate
from expertgen.scenes.tabletop import CAMERAS
from expertgen.stages.frames import JOINT_COLUMNS, states_before_actions
from expertgen.stages.progress import progress
from expertgen.stages.release_verify import tell
from expertgen.stages.rerender import drawn_vision, in_turn, require_free
from expertgen.stages.rerender_info import RANDOMISED, looks_of, looks_text, release_info
from expertgen.stages.rerender_shard import EpisodeToDraw
from expertgen.stages.rollouts_shard import as_executed
from expertgen.stages.student import load_student
from expertgen.stages.student_rollouts_choice import choose
from expertgen.stages.student_rollouts_command import StudentOrder
from expertgen.stages.student_rollouts_info import how_made, lineage, require_origin
from expertgen.stages.student_rollouts_starts import released_seeds
from expertgen.stages.student_rollouts_work import PLAYED, Block, PlayedEpisode, draw_both, play_block
from expertgen.vision.look import draw_look
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace, target: Path, order: StudentOrder) -> None:
    """Let the student data/TASK/student act from the starts that `order` names, and write its episodes as the release
    `target`, verified before it is put in place.

    rollouts.workers processes play and draw; their number changes no byte. Stopped amid its work it leaves no `target`.
    Raises InvalidParameter for a target that holds anything and for starts of another use, UnknownName for a camera,
    MissingInput, also where no episode can be released, CorruptArtifact, IncompatibleArtifact, StageBusy, CannotWrite,
    WorkerFailed.
    """
    require_free(target, workspace)
    for camera in params.rollouts.cameras:
        require_known("camera", camera.name, CAMERAS)
    seeds, vision = released_seeds(params, order.seed, order.episodes), drawn_vision(params, order.size)
    check_info(release_info(params, task, vision, {"provenance": {}}, ""))  # now, and not once all is played
    student = load_student(params, workspace)
    origin = require_origin(params, workspace, student)
    looks = looks_of(params, vision, params.seed)
    name = f"student_rollouts-{fingerprint({'target': str(target.resolve())})[:12]}"
    with stage_lock(workspace.lock(name)):
        require_free(target, workspace)  # a run before this one may just have put it there
        made_from = lineage(params, workspace, origin, student, order, looks)
        played = _play(params, task, workspace, seeds)
        choice = choose(params, task, played, order.all)
        made = how_made(params, student, order, choice, looks_text(params, vision, looks))
        with closing(_episodes(params, task, played, choice.released, vision)) as episodes:
            report = write_release(target, episodes, release_info(params, task, vision, made_from, made))
    tell(target, report)
    print(f"  the student by itself, from {order.episodes} starts: success at the end {choice.success}")


def _play(params: Params, task: str, workspace: Workspace, seeds: NDArray[np.int64]) -> Episodes:
    """An episode from each of `seeds`, in their order."""
    parts = [seeds[first : first + PLAYED] for first in range(0, len(seeds), PLAYED)]
    blocks = [Block(number, params, task, workspace.data("student"), tuple(int(seed) for seed in part))
              for number, part in enumerate(parts)]  # fmt: skip
    played: list[Episodes] = []
    with (
        progress("student_rollouts: playing", len(seeds), "episodes") as bar,
        closing(in_turn(play_block, blocks, params.rollouts.workers)) as results,
    ):
        for episodes in results:
            played.append(episodes)
            done = bar.done + len(episodes.seeds)
            succeeded = sum(int(part.success_end.sum()) for part in played)
            bar.update(len(episodes.seeds), success=f"{succeeded / done:.1%}")
    return concatenate(played)


def _episodes(
    params: Params, task: str, played: Episodes, released: list[int], vision: VisionParams
) -> Generator[ReleaseEpisode, None, None]:
    """The episodes to release in turn, drawn plainly and under their looks."""
    to_draw = [_to_draw(params, task, played, vision, number, index) for number, index in enumerate(released)]
    with (
        progress("student_rollouts: drawing", len(released), "episodes") as bar,
        closing(in_turn(draw_both, to_draw, params.rollouts.workers)) as images,
    ):
        for index, (plain, drawn) in zip(released, images, strict=True):
            observation = played.observation[index]
            yield ReleaseEpisode(
                observation=observation, action=as_executed(played.action[index]),
                joints=observation[:, JOINT_COLUMNS].copy(), success=played.success[index],
                seed=int(played.seeds[index]),
                source={"store": "student", "episode": index, "policy": "student", "looks": params.seed},
                images=plain | {name + RANDOMISED: value for name, value in drawn.items()},
            )  # fmt: skip
            bar.update()


def _to_draw(
    params: Params, task: str, played: Episodes, vision: VisionParams, number: int, index: int
) -> PlayedEpisode:
    """The episode `index` of those played, the `number`th to be released, under the look it was played under."""
    look = draw_look(vision, TASKS[task].num_objects, look_seed(params.seed, int(played.seeds[index])))
    episode = EpisodeToDraw(number, task, params.simulation.robot, vision, look, played.start_objects[index],
                            *states_before_actions(played, index))  # fmt: skip
    return PlayedEpisode(episode, params.simulation, params.rollouts.cameras)
