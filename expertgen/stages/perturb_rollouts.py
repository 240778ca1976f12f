"""Episodes of one policy with and without events, all from the same starts."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from expertgen.env import Env
from expertgen.make_env import make_env
from expertgen.params import Params
from expertgen.perturbations import PerturbedEnv, draw_events
from expertgen.rollout import Episodes, concatenate, run_episodes
from expertgen.stages.evaluate_rollouts import Rollouts, failed_where_unhealthy
from expertgen.stages.policies import DISPLAY_NAMES, load_policy
from expertgen.stages.progress import progress
from expertgen.workspace import Workspace

UNDISTURBED = "undisturbed"


def run_policy(
    params: Params, task: str, workspace: Workspace, policy: str, kind: str, seeds: NDArray[np.int64]
) -> Rollouts:
    """One episode of `policy` from each of the starts that `seeds` (N,) name, with the events of `kind` (undisturbed,
    or one of perturbations.KINDS), in batches of `evaluate.batch`, which no episode depends on.

    Raises as `policies.load_policy` does.
    """
    parts: list[Episodes] = []
    unhealthy: dict[int, str] = {}
    envs: dict[int, Env] = {}
    succeeded = 0
    with progress(f"perturb: {DISPLAY_NAMES[policy]}, {kind}", len(seeds), "episodes") as bar:
        for batch in np.split(seeds, range(params.evaluate.batch, len(seeds), params.evaluate.batch)):
            if len(batch) not in envs:
                envs[len(batch)] = _env(params, task, len(batch), kind)
            env = envs[len(batch)]
            act, on_start = load_policy(policy, params, task, workspace, env)
            parts.append(failed_where_unhealthy(run_episodes(env, act, batch, on_start)))
            unhealthy |= {int(batch[i]): why for i, why in env.simulator.health().reasons.items()}
            succeeded += int(parts[-1].success_any.sum())
            bar.update(len(batch), success=f"{succeeded / (bar.done + len(batch)):.1%}")
    return Rollouts(concatenate(parts), unhealthy)


def _env(params: Params, task: str, count: int, kind: str) -> Env:
    env = make_env(task, params.simulation, count, params.prior.execute)
    if kind == UNDISTURBED:
        return env
    return PerturbedEnv(env, partial(draw_events, kind, params.perturb, episode_steps=env.episode_steps))
