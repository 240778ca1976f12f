"""Episodes of one policy after the other, all from the same starts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.env import Env
from expertgen.make_env import make_env
from expertgen.params import Params
from expertgen.rollout import Episodes, concatenate, run_episodes
from expertgen.stages.policies import DISPLAY_NAMES, load_policy
from expertgen.stages.progress import progress
from expertgen.workspace import Workspace


@dataclass(frozen=True)
class Rollouts:
    """Episodes, and for those that failed to simulate the seed of the start → what went wrong."""

    episodes: Episodes
    unhealthy: dict[int, str]


class Runner:
    """Runs policies of one task in batches of `evaluate.batch` environments, which no episode depends on."""

    def __init__(self, params: Params, task: str, workspace: Workspace) -> None:
        self.params, self.task, self.workspace = params, task, workspace
        self._envs: dict[int, Env] = {}

    def run(self, policy: str, seeds: NDArray[np.int64]) -> Rollouts:
        """One episode of `policy` from each of the starts that `seeds` (N,) name, in that order.

        Raises as `policies.load_policy` does.
        """
        parts: list[Episodes] = []
        unhealthy: dict[int, str] = {}
        succeeded = 0
        with progress(f"evaluate: {DISPLAY_NAMES[policy]}", len(seeds), "episodes") as bar:
            for batch in np.split(seeds, range(self.params.evaluate.batch, len(seeds), self.params.evaluate.batch)):
                part = self._batch(policy, batch)
                parts.append(part.episodes)
                unhealthy |= part.unhealthy
                succeeded += int(part.episodes.success_any.sum())
                done = bar.done + len(batch)
                bar.update(len(batch), success=f"{succeeded / done:.1%}")
        return Rollouts(concatenate(parts), unhealthy)

    def _batch(self, policy: str, seeds: NDArray[np.int64]) -> Rollouts:
        env = self._env(len(seeds))
        act, on_start = load_policy(policy, self.params, self.task, self.workspace, env)
        episodes = failed_where_unhealthy(run_episodes(env, act, seeds, on_start))
        return Rollouts(episodes, {int(seeds[i]): why for i, why in env.simulator.health().reasons.items()})

    def _env(self, count: int) -> Env:
        if count not in self._envs:
            self._envs[count] = make_env(self.task, self.params.simulation, count, self.params.prior.execute)
        return self._envs[count]


def failed_where_unhealthy(episodes: Episodes) -> Episodes:
    """The same episodes, those that failed to simulate without success at any time, even before that."""
    return dataclasses.replace(episodes, success=episodes.success & episodes.healthy[:, None])
