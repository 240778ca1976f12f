"""The parameters as frozen dataclasses, mirroring params.yaml key by key; docs/parameters.md explains each.

There are no defaults here: params.yaml holds every number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from expertgen.params.calibration import CalibrationParams
from expertgen.params.checks import MayBeEmpty, Range
from expertgen.params.cotrain import CotrainParams
from expertgen.params.distill import DistillParams, StudentParams, StudentReportParams
from expertgen.params.gates import GatesParams
from expertgen.params.kinds import Count, CountOrZero, Counts, Fraction, NonNegative, Positive, Seed
from expertgen.params.perturb import PerturbParams
from expertgen.params.robot import RobotParams
from expertgen.params.steer import SteerParams
from expertgen.params.vision import VisionParams


@dataclass(frozen=True)
class SimulationParams:
    robot: Literal["panda_hand", "panda_robotiq"]
    timestep: Annotated[float, Range(above=0, maximum=0.02)]
    control_hz: Positive
    episode_steps: Count
    num_threads: CountOrZero


@dataclass(frozen=True)
class ScriptParams:
    program: str
    position_noise: NonNegative
    yaw_noise: NonNegative
    yaw_limit: Annotated[float, Range(minimum=0, maximum=math.pi)]
    aim_offset: float
    grasp_height: float
    hover_height: Positive
    speed: Positive
    lift_offset: Positive
    place_height: NonNegative
    pull: Annotated[float, Range(minimum=0, maximum=1)]
    push_speed: Positive
    push_run_up: NonNegative


@dataclass(frozen=True)
class DemosParams:
    episodes: Count
    shard_episodes: Count
    workers: CountOrZero


@dataclass(frozen=True)
class PriorParams:
    network: Literal["mlp", "unet"]
    channels: Counts
    kernel_size: Count
    groups: Count
    step_embedding: Annotated[int, Range(minimum=4)]
    task_embedding: Count
    width: Count
    blocks: Count
    horizon: Count
    execute: Count
    prediction: Literal["sample", "epsilon"]
    relative_position: bool
    train_on: Literal["successes", "all"]
    train_diffusion_steps: Count
    ddim_steps: Count
    iterations: Count
    batch_size: Count
    learning_rate: Positive
    weight_decay: NonNegative
    warmup: CountOrZero
    ema_power: Annotated[float, Range(above=0, maximum=1)]
    ema_max: Annotated[float, Range(minimum=0, below=1)]
    checkpoint_every: Count
    num_threads: Count


@dataclass(frozen=True)
class PreflightParams:
    starts: Count
    noises: Count
    ddim_steps: Counts
    target: Fraction


@dataclass(frozen=True)
class CameraParams:
    name: str
    width: Annotated[int, Range(minimum=16)]
    height: Annotated[int, Range(minimum=16)]


@dataclass(frozen=True)
class RolloutsParams:
    episodes: Count
    shard_episodes: Count
    workers: CountOrZero
    cameras: tuple[CameraParams, ...]


@dataclass(frozen=True)
class ReleaseParams:
    episodes: Literal["successes", "all"]
    license: str


@dataclass(frozen=True)
class IndexParams:
    moments: Annotated[int, Range(minimum=2)]
    yaw_lever: NonNegative
    duplicates: NonNegative


@dataclass(frozen=True)
class EvaluateParams:
    episodes: Count
    batch: Count
    dtw_episodes: CountOrZero
    videos: CountOrZero
    seed: Seed


@dataclass(frozen=True)
class TrialsParams:
    tasks: Annotated[tuple[str, ...], MayBeEmpty()]


@dataclass(frozen=True)
class Params:
    tasks: tuple[str, ...]
    seed: Seed
    simulation: SimulationParams
    script: ScriptParams
    demos: DemosParams
    prior: PriorParams
    preflight: PreflightParams
    steer: SteerParams
    rollouts: RolloutsParams
    index: IndexParams
    evaluate: EvaluateParams
    perturb: PerturbParams
    release: ReleaseParams
    calibration: CalibrationParams
    vision: VisionParams
    student: StudentParams
    distill: DistillParams
    student_report: StudentReportParams
    robot: RobotParams
    trials: TrialsParams
    cotrain: CotrainParams
    gates: GatesParams
