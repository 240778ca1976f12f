"""params.yaml as frozen, strictly typed values: unknown, missing and ill-typed keys are refused."""

from expertgen.params.load import COMMITTED_PROFILE, as_dict, load_params, profile_names, profile_values
from expertgen.params.perturb import ForceParams, OpeningParams, PerturbParams
from expertgen.params.schema import (
    CameraParams,
    DemosParams,
    EvaluateParams,
    IndexParams,
    Params,
    PreflightParams,
    PriorParams,
    ReleaseParams,
    RolloutsParams,
    ScriptParams,
    SimulationParams,
)
from expertgen.params.steer import ActorParams, ChoiceParams, CriticParams, NoiseParams, RewardParams, SteerParams

__all__ = [
    "COMMITTED_PROFILE",
    "ActorParams",
    "CameraParams",
    "ChoiceParams",
    "CriticParams",
    "DemosParams",
    "EvaluateParams",
    "ForceParams",
    "IndexParams",
    "NoiseParams",
    "OpeningParams",
    "Params",
    "PerturbParams",
    "PreflightParams",
    "PriorParams",
    "ReleaseParams",
    "RewardParams",
    "RolloutsParams",
    "ScriptParams",
    "SimulationParams",
    "SteerParams",
    "as_dict",
    "load_params",
    "profile_names",
    "profile_values",
]
