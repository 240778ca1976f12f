"""What is measured on disturbed episodes, as JSON values (ExpertGen, Table III)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.metrics.paired import mcnemar_exact
from expertgen.metrics.wilson import Rate
from expertgen.params import Params
from expertgen.stages.evaluate_rollouts import Rollouts
from expertgen.stages.perturb_labels import MEANING

SUCCESS = ("any", "end")


def definitions(params: Params, task: str) -> dict[str, str]:
    """What the numbers mean, in words."""
    perturb, steps = params.perturb, params.simulation.episode_steps
    period = 1 / params.simulation.control_hz
    when = (
        f"beginning at control steps uniform from {round(perturb.earliest * steps)} to {round(perturb.latest * steps)} "
        f"of {steps}, drawn from the start's seed and perturb.seed"
    )
    opening, force = perturb.opening, perturb.force
    return {
        "task": TASKS[task].instruction,
        "opening": f"{opening.events} time(s) an episode the gripper is commanded open for {opening.steps} control "
        f"steps ({opening.steps * period:g} s), {when}",
        "force": f"{force.events} time(s) an episode a force of {force.newtons:g} N pushes the hand for {force.steps} "
        f"control steps ({force.steps * period:g} s) in a horizontal direction uniform over the circle, {when}",
        "success_any": f"achieved at the end of some control step of the {steps}",
        "success_end": "achieved at the end of the last control step",
        "drop": "success without events less success with them, from the same starts",
        "interval": "95 % Wilson",
        "p_value": "two-sided exact McNemar test over the same starts",
        **{name: MEANING[name] for name in ("hit", "felt", "dropped", "recovered")},
    }


def undisturbed(rollouts: Rollouts) -> dict[str, Any]:
    """A policy's rates without events."""
    episodes = rollouts.episodes
    return {
        "success_any": Rate.of(episodes.success_any).to_json(), "success_end": Rate.of(episodes.success_end).to_json(),
        "unhealthy": _unhealthy(rollouts),
    }  # fmt: skip


def disturbed(rollouts: Rollouts, columns: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """A policy's rates with events, from the labels of its episodes; `recovered` of each kind is a rate over the
    episodes of that kind, None where there is none."""
    hit, felt, recovered = columns["hit"], columns["felt"], columns["recovered"]
    dropped = columns["dropped"] & hit
    return {
        **{f"success_{when}": Rate.of(columns[f"success_{when}"]).to_json() for when in SUCCESS},
        "drop": {f"success_{when}": _drop(columns, when) for when in SUCCESS},
        "hit": _recovered(hit, recovered), "felt": _recovered(felt, recovered),
        "dropped": _recovered(dropped, recovered), "unhealthy": _unhealthy(rollouts),
    }  # fmt: skip


def _drop(columns: dict[str, NDArray[Any]], when: str) -> dict[str, Any]:
    without, with_events = columns[f"undisturbed_{when}"], columns[f"success_{when}"]
    return {
        "rate": float((without.sum() - with_events.sum()) / len(without)),
        "only_undisturbed": int((without & ~with_events).sum()),
        "only_disturbed": int((with_events & ~without).sum()),
        "p_value": mcnemar_exact(without, with_events),
    }


def _recovered(which: NDArray[np.bool_], recovered: NDArray[np.bool_]) -> dict[str, Any]:
    count = int(which.sum())
    return {"episodes": count, "recovered": Rate.of(recovered[which]).to_json() if count else None}


def _unhealthy(rollouts: Rollouts) -> list[dict[str, Any]]:
    return [{"seed": seed, "reason": reason} for seed, reason in sorted(rollouts.unhealthy.items())]
