"""What is expected of checkpoints and of measured success: priors, experts, evaluations."""

from __future__ import annotations

from expertgen.gates.expectation import Expectation, each, each_of
from expertgen.gates.table_rates import THIS
from expertgen.params.gates import EvaluateGateParams, PriorGateParams, SteerGateParams

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
