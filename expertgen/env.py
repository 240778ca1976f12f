"""The environment: a benchmark on a simulator, batched, advanced by executed chunks of actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from expertgen.benchmarks.base import Benchmark
from expertgen.benchmarks.observation import OBSERVATION_DIM, observe
from expertgen.geometry import rotation_from_6d
from expertgen.params import SimulationParams
from expertgen.sims.interface import Simulator
from expertgen.sims.kinematics import Kinematics

ACTION_DIM = 10
ACTION_NAMES = (
    *(f"ee_position_{axis}" for axis in "xyz"),
    *(f"ee_rotation_{column}_{axis}" for column in (0, 1) for axis in "xyz"),  # the first two columns of the matrix
    "gripper",
)
# Commanded tool positions are kept inside this box (m, base frame): what a cautious operator would allow.
WORKSPACE = np.array([[0.20, -0.50, 0.005], [0.80, 0.50, 0.70]])


@dataclass(frozen=True)
class ChunkResult:
    """After a chunk of S control steps: observation (B, 53), success (B, S) at the end of each control step,
    healthy (B,), and what happened meanwhile: joints (B, S, 7) rad, fingers (B, S, 2) m, objects (B, S, O, 7)."""

    observation: torch.Tensor
    success: torch.Tensor
    healthy: torch.Tensor
    joints: NDArray[np.float64]
    fingers: NDArray[np.float64]
    objects: NDArray[np.float64]


class Env:
    """B environments. Never resets by itself: what follows the end of an episode is the caller's choice."""

    observation_dim = OBSERVATION_DIM

    def __init__(
        self, benchmark: Benchmark, simulator: Simulator, params: SimulationParams, execute: int,
        kinematics: Kinematics | None = None,
    ) -> None:
        self.benchmark, self.simulator, self.params, self.execute = benchmark, simulator, params, execute
        self.kinematics = kinematics or Kinematics()
        self.num_envs, self.episode_steps = simulator.num_envs, params.episode_steps
        self.elapsed = np.zeros(self.num_envs, dtype=np.int64)
        self._commanded = np.zeros((self.num_envs, 7))
        self.start_objects = np.zeros((self.num_envs, benchmark.num_objects, 7))

    def reset(self, seeds: NDArray[np.int64], ids: NDArray[np.int64] | None = None) -> None:
        """Put environments `ids` (all by default; sorted) at the starts that `seeds` (n,) name: the same seed is
        the same start in any environment, batch and process."""
        rows = np.arange(self.num_envs) if ids is None else np.asarray(ids)
        if len(rows) == 0:
            return
        starts = [self.benchmark.reset_distribution(start_generator(seed)) for seed in np.asarray(seeds)]
        joints = np.stack([s.joints for s in starts])
        objects = np.stack([s.objects for s in starts])
        self.simulator.reset(rows, joints, np.stack([s.fingers for s in starts]), objects)
        self._commanded[rows], self.start_objects[rows], self.elapsed[rows] = joints, objects, 0

    def observe(self) -> torch.Tensor:
        """(B, 53) float32, see benchmarks.observation."""
        state = self.simulator.state()
        position, rotation = self.kinematics.forward(state.joints)
        full = observe(
            position, rotation, state.joints, state.fingers, state.objects, self.benchmark.articulated
        )
        return torch.from_numpy(full.astype(np.float32))

    def step_chunk(self, chunk: torch.Tensor) -> ChunkResult:
        """Execute (B, S, 10) absolute tool poses and gripper commands, one for each control step."""
        actions = np.nan_to_num(chunk.detach().numpy().astype(np.float64), nan=0.0, posinf=1.0, neginf=-1.0)
        targets = self._joint_targets(actions)
        openings = np.where(actions[..., 9] > 0, 0.0, self.simulator.fingers_open)
        trace = self.simulator.step(targets, openings)
        self.elapsed += actions.shape[1]
        healthy = self.simulator.health().ok
        success = self.benchmark.success(trace.objects, self.start_objects) & healthy[:, None]
        return ChunkResult(
            self.observe(), torch.from_numpy(success), torch.from_numpy(healthy), trace.joints, trace.fingers,
            trace.objects,
        )

    def _joint_targets(self, actions: NDArray[np.float64]) -> NDArray[np.float64]:
        """(B, S, 10) → (B, S, 7), by inverse kinematics from the commanded, not the measured, joints: so a whole
        chunk is known before it is executed, and a pressed hand does not drift."""
        positions = np.clip(actions[..., :3], *WORKSPACE)
        rotations = rotation_from_6d(actions[..., 3:9])
        targets = np.empty((*actions.shape[:2], 7))
        for step in range(actions.shape[1]):
            self._commanded = self.kinematics.inverse_step(
                self._commanded, positions[:, step], rotations[:, step]
            )
            targets[:, step] = self._commanded
        return targets

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything needed to go on bit for bit, as arrays with leading dimension B."""
        own = {"elapsed": self.elapsed, "commanded": self._commanded, "start_objects": self.start_objects}
        return {**{k: v.copy() for k, v in own.items()}, **self.simulator.save()}

    def restore(self, saved: dict[str, NDArray[Any]]) -> None:
        """Go back to what `state` returned."""
        self.elapsed = saved["elapsed"].copy()
        self._commanded, self.start_objects = saved["commanded"].copy(), saved["start_objects"].copy()
        self.simulator.restore(saved)


def start_generator(seed: int) -> np.random.Generator:
    """The generator of the start that `seed` names."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed))))
