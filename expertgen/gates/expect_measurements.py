"""What is expected of checkpoints and of measured success: priors, experts, evaluations."""

from __future__ import annotations

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


def distill_numbers(limits: DistillGateParams) -> list[Expectation]:
    """The student's actions beside its teacher's labels, and what it was shown: one row per number."""
    bounds = {
        "position_median": ("positions near the teacher's", None, limits.position, "m", "position"),
        "rotation_median": ("rotations near the teacher's", None, limits.rotation, "rad", "rotation"),
        "gripper": ("gripper commands agree", limits.gripper, None, "of all", "gripper"),
        "loss": ("small loss against the teacher", None, limits.loss, "deviations", "loss"),
        "points_min": ("clouds have points", limits.points, None, "points", "points"),
        "brightness_min": ("images are bright enough", limits.brightness, None, "of 255", "brightness"),
        "contrast_min": ("images have contrast", limits.contrast, None, "of 255", "contrast"),
    }
    return [
        each(name, "value", least=least, most=most, unit=unit, keys=[f"gates.distill.{key}"], where=("number", column))
        for column, (name, least, most, unit, key) in bounds.items()
    ]


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
