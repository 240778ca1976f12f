"""What is measured on a policy's episodes, as JSON values (ExpertGen, section V-D)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.data.episodes import EpisodeStore
from expertgen.errors import IncompatibleArtifact
from expertgen.metrics.dtw import nearest_dtw
from expertgen.metrics.jerk import joint_jerk_cost
from expertgen.metrics.paired import mcnemar_exact
from expertgen.metrics.success_map import SuccessMap, extent_of, success_map
from expertgen.metrics.wilson import Rate
from expertgen.params import Params
from expertgen.rollout import Episodes
from expertgen.stages.evaluate_rollouts import Rollouts

CELL = 0.04  # m, side of a success map's cells
SUCCESS = ("success_any", "success_end")


def definitions(params: Params, task: str) -> dict[str, str]:
    """What the numbers mean, in words."""
    benchmark, steps = TASKS[task], params.simulation.episode_steps
    return {
        "task": benchmark.instruction,
        "success_any": f"{benchmark.condition}, at the end of some control step of the {steps}",
        "success_end": "the same at the end of the last control step",
        "interval": "95 % Wilson",
        "dtw": "mean normalised open-end DTW (asymmetric steps, Euclidean over the 10 numbers of an action) of the "
        "executed actions to the nearest successful demonstration",
        "jerk": "mean squared joint-space jerk of the 7 arm joints, rad^2/s^6, third differences at "
        f"{params.simulation.control_hz:g} Hz",
        "p_value": "two-sided exact McNemar test over the same starts",
    }


def successful_actions(demos: Path) -> list[NDArray[np.float32]]:
    """The actions (T, 10) of each successful demonstration in the store `demos`.

    Raises MissingInput, CorruptArtifact, and IncompatibleArtifact where no demonstration succeeded.
    """
    store = EpisodeStore.open(demos)
    episodes = np.split(store.read_steps("action"), store.episode_ends[:-1])
    chosen = [episode for episode, success in zip(episodes, store.successes(), strict=True) if success]
    if not chosen:
        raise IncompatibleArtifact(
            f"none of the {store.num_episodes} demonstrations in {demos} succeeded, so there is nothing to compare "
            "actions with. Make better ones with `expertgen demos TASK`, or set evaluate.dtw_episodes to 0."
        )
    return chosen


def measure(rollouts: Rollouts, references: list[NDArray[np.float32]] | None, params: Params) -> dict[str, Any]:
    """One policy's numbers; DTW only where there are references, DTW and jerk over the first
    `evaluate.dtw_episodes` episodes that were simulated to their end."""
    episodes = rollouts.episodes
    whole = np.flatnonzero(episodes.healthy)[: params.evaluate.dtw_episodes]
    measured: dict[str, Any] = {name: Rate.of(getattr(episodes, name)).to_json() for name in SUCCESS}
    measured["unhealthy"] = [{"seed": seed, "reason": reason} for seed, reason in sorted(rollouts.unhealthy.items())]
    measured["dtw"] = measured["jerk"] = None
    if len(whole):
        cost = joint_jerk_cost(episodes.joints[whole], 1 / params.simulation.control_hz)
        measured["jerk"] = {"mean": float(cost.mean()), "episodes": len(whole)}
    if len(whole) and references:
        mean = nearest_dtw(episodes.action[whole], references).mean
        measured["dtw"] = {"mean": mean, "episodes": len(whole), "references": len(references)}
    return measured


def paired(expert: Episodes, other: Episodes) -> dict[str, Any]:
    """The expert against another policy, start by start."""
    result = {}
    for name in SUCCESS:
        ours, theirs = getattr(expert, name), getattr(other, name)
        result[name] = {
            "only_expert": int((ours & ~theirs).sum()),
            "only_other": int((theirs & ~ours).sum()),
            "p_value": mcnemar_exact(ours, theirs),
        }
    return result


def success_maps(task: str, policies: Mapping[str, Episodes]) -> dict[str, SuccessMap]:
    """Success at any time over start x and y, on the same cells for all policies."""
    poses = {name: TASKS[task].start_pose(episodes.start_objects) for name, episodes in policies.items()}
    everywhere = np.concatenate(list(poses.values()))
    extent = extent_of(everywhere[:, 0], everywhere[:, 1])
    bins = tuple(max(1, round((high - low) / CELL)) for low, high in extent)
    return {
        name: success_map(pose[:, 0], pose[:, 1], policies[name].success_any, extent=extent, bins=(bins[0], bins[1]))
        for name, pose in poses.items()
    }
