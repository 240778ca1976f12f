"""A real arm, or its emulation: rates and limits of its control. The `robot` section of params.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from expertgen.params.checks import Range
from expertgen.params.kinds import Count, CountOrZero, Fraction, NonNegative, Positive


@dataclass(frozen=True)
class RatesParams:
    control: Annotated[float, Range(minimum=10, maximum=15)]
    stream: Annotated[float, Range(minimum=100, maximum=1000)]
    watch: Annotated[float, Range(minimum=10)]


@dataclass(frozen=True)
class WorkspaceParams:
    low: tuple[float, ...]
    high: tuple[float, ...]
    beyond: NonNegative


@dataclass(frozen=True)
class PoseParams:
    """A limit of a position's kind and its sibling of a rotation's."""

    position: Positive
    rotation: Positive


@dataclass(frozen=True)
class JointLimitsParams:
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    speed: Annotated[tuple[float, ...], Range(above=0)]


@dataclass(frozen=True)
class JointsParams:
    fr3: JointLimitsParams
    panda: JointLimitsParams
    margin: NonNegative
    speed_share: Annotated[float, Range(above=0, maximum=1)]
    singularity: NonNegative
    agreement: PoseParams


@dataclass(frozen=True)
class RotationErrorParams:
    clamp: Fraction
    hold: Fraction


@dataclass(frozen=True)
class ThresholdParams:
    hold: Positive
    stop: Positive


@dataclass(frozen=True)
class ContactParams:
    force: ThresholdParams
    torque: ThresholdParams
    joints: Annotated[tuple[float, ...], Range(above=0)]


@dataclass(frozen=True)
class AgesParams:
    arm: Positive
    gripper: Positive
    camera: Positive
    action: Positive


@dataclass(frozen=True)
class PolicyCallParams:
    execute: Count
    ahead: CountOrZero
    patience: Positive
    first: Positive


@dataclass(frozen=True)
class AbortParams:
    holds: Count
    seconds: Positive


@dataclass(frozen=True)
class RobotParams:
    arm: Literal["fr3", "panda"]
    rates: RatesParams
    interpolation: Literal["linear", "quintic"]
    workspace: WorkspaceParams
    step: PoseParams
    speed: PoseParams
    braking: PoseParams
    jump: PoseParams
    lead: PoseParams
    joints: JointsParams
    rotation_error: RotationErrorParams
    contact: ContactParams
    ages: AgesParams
    frozen_travel: Positive
    policy: PolicyCallParams
    abort: AbortParams
    gripper_open: Positive
    gripper_wait: NonNegative
    watchdog: Positive
