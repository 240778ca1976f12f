"""One shard of the expert's episodes: simulate, draw and write them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.data.episodes import write_shard
from expertgen.env import WORKSPACE
from expertgen.geometry import rotation_from_6d, rotation_to_6d
from expertgen.make_env import make_env
from expertgen.params import CameraParams, Params
from expertgen.rollout import Episodes, run_episodes
from expertgen.stages.demos_shard import Arrays, shard_arrays
from expertgen.stages.frames import draw, drawing, states_before_actions
from expertgen.stages.policies import load_policy
from expertgen.stages.shards import Shard
from expertgen.stages.threads import torch_threads
from expertgen.workspace import Workspace


@dataclass(frozen=True)
class RolloutsShard(Shard):
    """Everything that a shard of the expert's episodes depends on."""

    params: Params
    workspace: Workspace


def make_rollouts(job: RolloutsShard) -> int:
    """Simulate, draw and write a shard, in one thread; return the number of its episodes.

    Raises CannotWrite, and what loading the expert raises.
    """
    params, task = job.params, job.workspace.task
    simulation = dataclasses.replace(params.simulation, num_threads=1)
    with torch_threads(1):
        env = make_env(task, simulation, job.count, params.prior.execute)
        act, on_start = load_policy("expert", params, task, job.workspace, env)
        episodes = run_episodes(env, act, job.seeds, on_start)
    steps, per_episode, ends = shard_arrays(episodes)
    steps["action"] = as_executed(steps["action"])
    steps["objects"] = episodes.objects.reshape(-1, *episodes.objects.shape[2:]).astype(np.float32)
    write_shard(job.path, steps | _images(job, episodes), per_episode, ends, key=job.key)
    return job.count


def as_executed(action: NDArray[np.float32]) -> NDArray[np.float32]:
    """What of the actions (N, 10) the robot carries out: the position within the workspace, orthonormal columns of the
    rotation, and the gripper all open or all closed. Nothing else belongs in a dataset that others learn from."""
    position = np.clip(action[:, :3], *WORKSPACE)
    rotation = rotation_to_6d(rotation_from_6d(action[:, 3:9].astype(np.float64)))
    return np.concatenate([position, rotation, np.where(action[:, 9:] > 0, 1.0, -1.0)], axis=1).astype(np.float32)


def _images(job: RolloutsShard, episodes: Episodes) -> Arrays:
    """image_NAME (N * T, height, width, 3) uint8 of each camera, as it stood before each action."""
    cameras: tuple[CameraParams, ...] = job.params.rollouts.cameras
    drawn: dict[str, list[np.ndarray]] = {camera.name: [] for camera in cameras}
    with drawing(job.workspace.task, job.params.simulation) as simulator:
        for row in range(len(episodes.seeds)):
            states = states_before_actions(episodes, row)
            for camera in cameras:
                drawn[camera.name].append(draw(simulator, states, camera.name, camera.width, camera.height))
    return {f"image_{name}": np.concatenate(images) for name, images in drawn.items()}
