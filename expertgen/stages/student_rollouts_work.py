"""Episodes of a student by itself: played, recorded at every control step, and drawn, as several processes do it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expertgen.camera_env import CameraEnv
from expertgen.env import ChunkResult, Env
from expertgen.make_env import make_env
from expertgen.params import CameraParams, Params, SimulationParams
from expertgen.policies.student import StudentPolicy
from expertgen.rollout import Episodes, run_episodes
from expertgen.stages.evaluate_rollouts import failed_where_unhealthy
from expertgen.stages.frames import draw, drawing
from expertgen.stages.rerender_shard import EpisodeToDraw, draw_episode
from expertgen.stages.threads import torch_threads
from expertgen.vision.painter import Painter

PLAYED = 16  # episodes played together
Images = dict[str, NDArray[np.uint8]]


class SeenEnv(Env):
    """The environment of `cameras`, which take note of all that happens in it."""

    def __init__(self, cameras: CameraEnv) -> None:
        env = cameras.env
        super().__init__(env.benchmark, env.simulator, env.params, env.execute, env.kinematics)
        self.cameras, self.elapsed, self.start_objects = cameras, env.elapsed, env.start_objects  # the very arrays

    def reset(self, seeds: NDArray[np.int64], ids: NDArray[np.int64] | None = None) -> None:
        """All environments to the starts that `seeds` (B,) name."""
        assert ids is None
        self.cameras.reset(seeds)

    def step_chunk(self, chunk: Tensor) -> ChunkResult:
        """As Env.step_chunk."""
        return self.cameras.step_chunk(chunk)


@dataclass(frozen=True)
class Block:
    """The `number`th up to PLAYED episodes, from the starts `seeds`, of the checkpoint `student`."""

    number: int
    params: Params
    task: str
    student: Path
    seeds: tuple[int, ...]

    def __str__(self) -> str:
        return f"episodes from the starts {self.seeds[0]} to {self.seeds[-1]}"


def play_block(block: Block) -> tuple[int, Episodes]:
    """The block's number, and its episodes, each under the look that `params.seed` and its start's seed name; in one
    thread. Raises what loading the student raises."""
    params = block.params
    with torch_threads(1):
        student = StudentPolicy.load(block.student)
        simulation = dataclasses.replace(params.simulation, num_threads=1)
        env = make_env(block.task, simulation, len(block.seeds), params.prior.execute)
        # A full block for the network, for its kernels round differently for different numbers of rows.
        rows = torch.arange(PLAYED).clamp(max=env.num_envs - 1)
        with Painter(simulation.robot, env.benchmark.add_objects, params.vision) as painter:
            cameras = CameraEnv(env, params.vision, student.sees, params.seed, painter=painter)

            def act(_: Tensor) -> Tensor:
                return student.act(cameras.see().rows(rows))[: env.num_envs]

            episodes = run_episodes(SeenEnv(cameras), act, np.array(block.seeds, dtype=np.int64))
    return block.number, failed_where_unhealthy(episodes)


@dataclass(frozen=True)
class PlayedEpisode:
    """An `episode` to be drawn as students' cameras see it, and plainly by `cameras`."""

    episode: EpisodeToDraw
    simulation: SimulationParams
    cameras: tuple[CameraParams, ...]

    def __str__(self) -> str:
        return str(self.episode)


def draw_both(played: PlayedEpisode) -> tuple[int, tuple[Images, Images]]:
    """The number of the episode; its plain images (T, H, W, 3) by the camera's name, and those under its look."""
    episode = played.episode
    states = episode.joints, episode.fingers, episode.objects
    with drawing(episode.task, played.simulation) as simulator:
        plain = {camera.name: draw(simulator, states, camera.name, camera.width, camera.height)
                 for camera in played.cameras}  # fmt: skip
    number, drawn = draw_episode(episode)
    return number, (plain, drawn)
