"""params.yaml as frozen, strictly typed values: unknown, missing and ill-typed keys are refused."""

from expertgen.params.calibration import BoardParams, CalibrationParams, NoiseOfCalibration, ViewLimits
from expertgen.params.cotrain import CotrainParams
from expertgen.params.distill import DistillParams, ShareParams, StudentDiffusionParams, StudentParams
from expertgen.params.load import COMMITTED_PROFILE, as_dict, load_params, profile_names, profile_values
from expertgen.params.perturb import ForceParams, OpeningParams, PerturbParams
from expertgen.params.robot import RobotParams
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
    TrialsParams,
)
from expertgen.params.steer import ActorParams, ChoiceParams, CriticParams, NoiseParams, RewardParams, SteerParams
from expertgen.params.vision import CloudParams, RandomiseParams, ViewParams, VisionParams

__all__ = [
    "COMMITTED_PROFILE",
    "ActorParams",
    "BoardParams",
    "CalibrationParams",
    "CameraParams",
    "ChoiceParams",
    "CloudParams",
    "CotrainParams",
    "CriticParams",
    "DemosParams",
    "DistillParams",
    "EvaluateParams",
    "ForceParams",
    "IndexParams",
    "NoiseOfCalibration",
    "NoiseParams",
    "OpeningParams",
    "Params",
    "PerturbParams",
    "PreflightParams",
    "PriorParams",
    "RandomiseParams",
    "ReleaseParams",
    "RewardParams",
    "RobotParams",
    "RolloutsParams",
    "ScriptParams",
    "ShareParams",
    "SimulationParams",
    "SteerParams",
    "StudentDiffusionParams",
    "StudentParams",
    "TrialsParams",
    "ViewLimits",
    "ViewParams",
    "VisionParams",
    "as_dict",
    "load_params",
    "profile_names",
    "profile_values",
]
