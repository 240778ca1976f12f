"""The thresholds of the data gates, the `gates` section of params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from expertgen.params.kinds import Count, Fraction, NonNegative, Positive


@dataclass(frozen=True)
class EpisodeGateParams:
    """What each episode, and all of them together, must keep to; demonstrations and rollouts alike."""

    episodes: Count
    success: Fraction
    unhealthy: Fraction
    joint_margin: NonNegative
    joint_speed: Positive
    rotation_error: Positive
    outside_workspace: NonNegative
    position_jump: Positive
    rotation_jump: Positive
    gripper_error: NonNegative


@dataclass(frozen=True)
class FrameGateParams:
    brightness: NonNegative
    contrast: NonNegative
    frozen_travel: NonNegative


@dataclass(frozen=True)
class RolloutGateParams(EpisodeGateParams):
    abrupt: Fraction
    frames: FrameGateParams


@dataclass(frozen=True)
class PriorGateParams:
    starts: Count
    gaussian_min: Fraction
    gaussian_max: Fraction
    zero_min: Fraction
    best_of_n_min: Fraction


@dataclass(frozen=True)
class SteerGateParams:
    episodes: Count
    success: Fraction


@dataclass(frozen=True)
class EvaluateGateParams:
    episodes: Count
    unhealthy: Fraction
    expert_min: Fraction
    expert_low: Fraction
    prior_min: Fraction
    prior_max: Fraction


@dataclass(frozen=True)
class DistillGateParams:
    episodes: Count
    success: Fraction
    unhealthy: Fraction
    position: Positive
    rotation: Positive
    gripper: Fraction
    loss: Positive
    points: Count
    brightness: NonNegative
    contrast: NonNegative


@dataclass(frozen=True)
class TrialGateParams(FrameGateParams):
    """What each protocol's trials, and the records of those that count, must keep to."""

    invalid: Fraction
    outside_workspace: NonNegative
    position_jump: Positive
    rotation_jump: Positive
    joint_margin: NonNegative
    joint_speed: Positive


@dataclass(frozen=True)
class GatesParams:
    demos: EpisodeGateParams
    prior: PriorGateParams
    steer: SteerGateParams
    rollouts: RolloutGateParams
    evaluate: EvaluateGateParams
    distill: DistillGateParams
    trials: TrialGateParams
