"""Whole episodes of a policy, recorded at every control step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from expertgen.benchmarks.observation import observe
from expertgen.env import ChunkResult, Env

Act = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Episodes:
    """N episodes of T control steps. observation (N, T, 53) float32 before each action, action (N, T, 10) float32,
    success (N, T) after each action, joints (N, T, 7) rad and objects (N, T, O, 7) after each action,
    start_objects (N, O, 7), seeds (N,), healthy (N,)."""

    observation: NDArray[np.float32]
    action: NDArray[np.float32]
    success: NDArray[np.bool_]
    joints: NDArray[np.float64]
    objects: NDArray[np.float64]
    start_objects: NDArray[np.float64]
    seeds: NDArray[np.int64]
    healthy: NDArray[np.bool_]

    @property
    def success_any(self) -> NDArray[np.bool_]:
        """(N,) successful at the end of some control step."""
        return self.success.any(1)

    @property
    def success_end(self) -> NDArray[np.bool_]:
        """(N,) successful at the end of the last control step."""
        return self.success[:, -1]


def run_episodes(
    env: Env, act: Act, seeds: NDArray[np.int64], on_start: Callable[[NDArray[np.int64]], None] | None = None
) -> Episodes:
    """One episode of `act` (observation (B, 53) → chunk (B, H, 10)) in each environment, from the starts that
    `seeds` (B,) name; `on_start(seeds)` is called once the environments stand at them. A chunk's first
    `env.execute` actions are carried out."""
    env.reset(seeds)
    if on_start is not None:
        on_start(seeds)
    observation = env.observe()
    observations, actions, results = [], [], []
    while env.elapsed[0] < env.episode_steps:
        count = min(env.execute, env.episode_steps - int(env.elapsed[0]))
        chunk = act(observation)[:, :count]
        result = env.step_chunk(chunk)
        inner = _observations(env, result)
        observations.append(np.concatenate([observation.numpy()[:, None], inner[:, :-1]], axis=1))
        actions.append(chunk.numpy())
        results.append(result)
        observation = result.observation
    return Episodes(
        observation=np.concatenate(observations, 1), action=np.concatenate(actions, 1).astype(np.float32),
        success=np.concatenate([r.success.numpy() for r in results], 1),
        joints=np.concatenate([r.joints for r in results], 1),
        objects=np.concatenate([r.objects for r in results], 1),
        start_objects=env.start_objects.copy(), seeds=np.asarray(seeds).copy(),
        healthy=results[-1].healthy.numpy(),
    )


def _observations(env: Env, result: ChunkResult) -> NDArray[np.float32]:
    """(B, S, 53) observations after each control step of a chunk."""
    batch, steps = result.joints.shape[:2]
    joints = result.joints.reshape(-1, 7)
    position, rotation = env.kinematics.forward(joints)
    objects = result.objects.reshape(batch * steps, -1, 7)
    flat = observe(position, rotation, joints, result.fingers.reshape(-1, 2), objects, env.benchmark.articulated)
    return flat.astype(np.float32).reshape(batch, steps, -1)


def concatenate(parts: list[Episodes]) -> Episodes:
    """Episodes one after the other."""
    fields = Episodes.__dataclass_fields__
    return Episodes(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in fields})
