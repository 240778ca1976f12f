"""Disturbed episodes: the gripper opens, or a horizontal force pushes the hand, at random moments (ExpertGen, VI-B).

What happens to an episode hangs on the seed of its start alone, so that compared policies meet the same starts and
the same events, whatever the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from expertgen.env import ChunkResult, Env
from expertgen.errors import require_known
from expertgen.params import ForceParams, OpeningParams, PerturbParams
from expertgen.seeds import generator

KINDS = ("opening", "force")
_GRIPPER = 9  # of an action
_OPEN = -1.0


@dataclass(frozen=True)
class Events:
    """What happens to B episodes of T control steps, in E events each.

    begins (B, E) the control step in which each event begins, in order; angle (B, E) rad, whither each pushes, in the
    base frame, from x towards y; opened (B, T) whether the gripper is held open; force (B, T, 2) N on the hand along
    x and y of the base frame.
    """

    begins: NDArray[np.int64]
    angle: NDArray[np.float64]
    opened: NDArray[np.bool_]
    force: NDArray[np.float64]


def draw_events(kind: str, params: PerturbParams, seeds: NDArray[np.int64], episode_steps: int) -> Events:
    """The events of a kind (opening | force) in episodes of `episode_steps` control steps from the starts that `seeds`
    (B,) name.

    Each begins at a control step that is uniform between the shares `earliest` and `latest` of the episode; where two
    overlap, the later one goes on. Raises UnknownName.
    """
    require_known("perturbation", kind, KINDS)
    chosen: OpeningParams | ForceParams = params.opening if kind == "opening" else params.force
    first = min(round(params.earliest * episode_steps), episode_steps - 1)
    last = max(first, min(round(params.latest * episode_steps), episode_steps - 1))
    begins = np.empty((len(seeds), chosen.events), dtype=np.int64)
    angle = np.empty((len(seeds), chosen.events))
    for row, seed in enumerate(np.asarray(seeds)):
        random = generator("perturb", kind, params.seed, int(seed))
        begins[row] = np.sort(random.integers(first, last + 1, chosen.events))
        angle[row] = random.uniform(0, 2 * np.pi, chosen.events)
    opened = np.zeros((len(seeds), episode_steps), dtype=np.bool_)
    force = np.zeros((len(seeds), episode_steps, 2))
    for row, event in np.ndindex(begins.shape):
        during = slice(begins[row, event], begins[row, event] + chosen.steps)
        if kind == "opening":
            opened[row, during] = True
        else:
            towards = np.array([np.cos(angle[row, event]), np.sin(angle[row, event])])
            force[row, during] = params.force.newtons * towards
    return Events(begins, angle, opened, force)


class PerturbedEnv(Env):
    """`env`, in whose simulator events happen; `draw(seeds (n,))` gives those of the episodes that begin there.

    A policy sees what comes of them, and nothing else: the commands it gave are neither changed in its records nor
    told of. Without an event, episodes are those of `env` to the last bit.
    """

    def __init__(self, env: Env, draw: Callable[[NDArray[np.int64]], Events]) -> None:
        super().__init__(env.benchmark, env.simulator, env.params, env.execute, env.kinematics)
        self._draw = draw
        self._opened = np.zeros((self.num_envs, self.episode_steps), dtype=np.bool_)
        self._force = np.zeros((self.num_envs, self.episode_steps, 2))

    def reset(self, seeds: NDArray[np.int64], ids: NDArray[np.int64] | None = None) -> None:
        """As Env.reset; the events are drawn anew for what it resets."""
        super().reset(seeds, ids)
        rows = np.arange(self.num_envs) if ids is None else np.asarray(ids)
        events = self._draw(np.asarray(seeds))
        self._opened[rows], self._force[rows] = events.opened, events.force

    def step_chunk(self, chunk: torch.Tensor) -> ChunkResult:
        """As Env.step_chunk, stopping wherever the force on some hand changes. After the episode's length, which
        `episode_steps` gives, nothing more happens."""
        steps = self.elapsed[:, None] + np.arange(chunk.shape[1])
        rows, columns = np.arange(self.num_envs)[:, None], np.minimum(steps, self.episode_steps - 1)
        within = steps < self.episode_steps
        opened, force = self._opened[rows, columns] & within, self._force[rows, columns] * within[..., None]
        commanded = chunk.detach().clone()
        commanded[..., _GRIPPER][torch.from_numpy(opened)] = _OPEN
        changes = np.flatnonzero((force[:, 1:] != force[:, :-1]).any(axis=(0, 2))) + 1
        parts = []
        for begin, end in pairwise([0, *changes.tolist(), chunk.shape[1]]):
            self.simulator.push(np.pad(force[:, begin], ((0, 0), (0, 1))))
            parts.append(super().step_chunk(commanded[:, begin:end]))
        return _joined(parts)

    def state(self) -> dict[str, NDArray[Any]]:
        """As Env.state, with the events."""
        return {**super().state(), "opened": self._opened.copy(), "force": self._force.copy()}

    def restore(self, saved: dict[str, NDArray[Any]]) -> None:
        """Go back to what `state` returned."""
        super().restore(saved)
        self._opened, self._force = saved["opened"].copy(), saved["force"].copy()


def _joined(parts: list[ChunkResult]) -> ChunkResult:
    """One result of several in a row. As in one chunk, an environment that fails at the end had no success before."""
    last = parts[-1]
    return ChunkResult(
        last.observation, torch.cat([part.success for part in parts], 1) & last.healthy[:, None], last.healthy,
        *(np.concatenate([getattr(part, name) for part in parts], 1) for name in ("joints", "fingers", "objects")),
    )
