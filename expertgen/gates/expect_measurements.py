"""What is expected of checkpoints and of measured success: priors, experts, evaluations."""

from __future__ import annotations

from typing import Any

from expertgen.gates.expectation import Expectation, each, each_of
from expertgen.gates.table_rates import THIS
from expertgen.params.gates import DistillGateParams, EvaluateGateParams, PriorGateParams, SteerGateParams

TENSORS = [each("finite tensors", "nonfinite", most=0, unit="values")]
OF_THIS_CHECKPOINT = [each_of("the report is of this checkpoint", "measured", [THIS])]
NO_SHARED_STARTS = [each("starts shared with none of the others", "shared", most=0, unit="starts")]


def prior(limits: PriorGateParams) -> list[Expectation]:
    """Success at the end of the pre-flight's episodes: one row per kind of noise."""
    key, gaussian = "gates.prior", ("noise", "Gaussian noise")
    return [
        each("enough starts", "n", least=limits.starts, unit="starts", keys=[f"{key}.starts"]),
        each("Gaussian noise succeeds", "rate", least=limits.gaussian_min, keys=[f"{key}.gaussian_min"],
             where=gaussian),
        each("Gaussian noise leaves headroom", "rate", most=limits.gaussian_max, keys=[f"{key}.gaussian_max"],
             severity="warning", where=gaussian),
        each("zero noise succeeds", "rate", least=limits.zero_min, keys=[f"{key}.zero_min"],
             where=("noise", "zero noise")),
        each("the best of N noises succeeds", "rate", least=limits.best_of_n_min, keys=[f"{key}.best_of_n_min"],
             where=("noise", "best of N noises")),
    ]


def steer(limits: SteerGateParams) -> list[Expectation]:
    """Success at the end of the learning curve's episodes: one row per point."""
    return [
        each("enough episodes", "n", least=limits.episodes, unit="episodes", keys=["gates.steer.episodes"]),
        each("the curve ends in success", "rate", least=limits.success, keys=["gates.steer.success"],
             where=("place", "last")),
    ]


def distill(limits: DistillGateParams) -> list[Expectation]:
    """Success at the end of the student's learning curve's episodes: one row per point."""
    last = ("place", "last")
    return [
        each("enough episodes", "n", least=limits.episodes, unit="episodes", keys=["gates.distill.episodes"]),
        each("few failed simulations", "unhealthy", most=limits.unhealthy, unit="of all",
             keys=["gates.distill.unhealthy"]),
        each("the curve ends in success", "rate", least=limits.success, keys=["gates.distill.success"], where=last),
    ]


def distill_labels(limits: DistillGateParams) -> list[Expectation]:
    """The student's actions beside its teacher's labels: one row per number."""
    return [
        _number("positions near the teacher's", "position_median", "position", most=limits.position, unit="m"),
        _number("rotations near the teacher's", "rotation_median", "rotation", most=limits.rotation, unit="rad"),
        _number("gripper commands agree", "gripper", "gripper", least=limits.gripper, unit="of all"),
        _number("small loss against the teacher", "loss", "loss", most=limits.loss, unit="deviations"),
    ]


def distill_shown(limits: DistillGateParams, sees: str) -> list[Expectation]:
    """What a student that sees points or images (`sees`) was shown: one row per number."""
    if sees == "points":
        return [_number("clouds have points", "points_min", "points", least=limits.points, unit="points")]
    return [
        _number("images are bright enough", "brightness_min", "brightness", least=limits.brightness, unit="of 255"),
        _number("images have contrast", "contrast_min", "contrast", least=limits.contrast, unit="of 255"),
    ]


def _number(name: str, number: str, key: str, **bounds: Any) -> Expectation:
    return each(name, "value", keys=[f"gates.distill.{key}"], where=("number", number), **bounds)


def evaluate(limits: EvaluateGateParams) -> list[Expectation]:
    """Success at the end of the evaluation's episodes: one row per policy."""
    key, expert, prior_row = "gates.evaluate", ("policy", "expert"), ("policy", "prior")
    return [
        each("enough episodes", "n", least=limits.episodes, unit="episodes", keys=[f"{key}.episodes"]),
        each("few failed simulations", "unhealthy", most=limits.unhealthy, unit="of all",
             keys=[f"{key}.unhealthy"]),
        each("the expert succeeds", "rate", least=limits.expert_min, keys=[f"{key}.expert_min"], where=expert),
        each("the expert's interval lies high", "low", least=limits.expert_low, keys=[f"{key}.expert_low"],
             where=expert),
        each("the prior succeeds", "rate", least=limits.prior_min, keys=[f"{key}.prior_min"], where=prior_row),
        each("the prior leaves headroom", "rate", most=limits.prior_max, keys=[f"{key}.prior_max"],
             severity="warning", where=prior_row),
        each("the expert's interval lies above the prior's", "above_prior", least=0, unit="of all", severity="warning",
             where=expert),
    ]
