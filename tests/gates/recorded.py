"""Real episodes of the script, in memory, to be spoilt one thing at a time; and thresholds of these tests' own."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.data.episodes import finish_store, shard_path, write_shard
from expertgen.gates.judge import judge
from expertgen.gates.verdict import Judged, Part
from expertgen.make_env import make_env
from expertgen.params import Params
from expertgen.params.gates import (
    DistillGateParams,
    EpisodeGateParams,
    EvaluateGateParams,
    FrameGateParams,
    GatesParams,
    PriorGateParams,
    RolloutGateParams,
    SteerGateParams,
    TrialGateParams,
)
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.rollout import Episodes, run_episodes
from expertgen.stages.demos_shard import shard_arrays

TASK = "lift_banana"
COUNT = 20  # episodes
LIMITS: dict[str, Any] = {
    "episodes": COUNT, "success": 0.0, "unhealthy": 0.05, "joint_margin": 0.05, "joint_speed": 0.8,
    "rotation_error": 0.001, "outside_workspace": 0.001, "position_jump": 0.05, "rotation_jump": 0.25,
    "gripper_error": 0.01,
}
FRAMES = {"brightness": 20.0, "contrast": 10.0, "frozen_travel": 0.02}
GATES = GatesParams(
    demos=EpisodeGateParams(**LIMITS),
    prior=PriorGateParams(starts=1, gaussian_min=0.0, gaussian_max=1.0, zero_min=0.0, best_of_n_min=0.0),
    steer=SteerGateParams(episodes=1, success=0.0),
    rollouts=RolloutGateParams(**LIMITS | {"episodes": 2}, abrupt=0.0, frames=FrameGateParams(**FRAMES)),
    evaluate=EvaluateGateParams(
        episodes=1, unhealthy=0.0, expert_min=0.0, expert_low=0.0, prior_min=0.0, prior_max=1.0
    ),
    distill=DistillGateParams(
        episodes=1, success=0.0, unhealthy=0.0, position=9.0, rotation=9.0, gripper=0.0, loss=9.0, points=1,
        brightness=0.0, contrast=0.0,
    ),
    trials=TrialGateParams(
        invalid=0.5, brightness=1.0, contrast=1.0, frozen_travel=0.05, outside_workspace=0.001, position_jump=0.08,
        rotation_jump=0.3, joint_margin=0.02, joint_speed=0.9,
    ),
)


@dataclass
class Recorded:
    """What a store holds, per episode: steps (E, T, ...), episodes (E, ...), and lengths (E,), the steps to keep."""

    steps: dict[str, np.ndarray]
    episodes: dict[str, np.ndarray]
    lengths: np.ndarray

    @classmethod
    def of(cls, episodes: Episodes) -> Recorded:
        """The arrays that the demos stage would write."""
        steps, per_episode, _ = shard_arrays(episodes)
        count, length = episodes.success.shape
        split = {name: array.reshape(count, length, *array.shape[1:]) for name, array in steps.items()}
        return cls(split, per_episode, np.full(count, length))

    def copy(self) -> Recorded:
        return copy.deepcopy(self)

    def write(self, directory: Path) -> Path:
        """Write a store of one shard."""
        kept = np.arange(self.steps["action"].shape[1]) < self.lengths[:, None]
        steps = {name: array[kept] for name, array in self.steps.items()}
        write_shard(shard_path(directory, 0), steps, self.episodes, np.cumsum(self.lengths))
        finish_store(directory, 1, {})
        return directory


def run_script(params: Params, seeds: np.ndarray, task: str = TASK) -> Episodes:
    """Episodes of the script from the starts that `seeds` name."""
    env = make_env(task, params.simulation, len(seeds), 8)
    script = ScriptedPolicy(env, params.script, 8)
    return run_episodes(env, script.act, seeds, script.plan)


def broken(parts: list[Part]) -> dict[str, list[int | str]]:
    """Of each expectation that the judge finds broken, warnings included, the first id of each row at fault."""
    outcomes = judge("tested", TASK, Judged(parts, {})).broken
    return {found.expectation.name: [next(iter(row.values())) for row in found.failing] for found in outcomes}
