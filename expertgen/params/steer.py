"""The parameters of steering, the `steer` section of params.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from expertgen.params.checks import Range
from expertgen.params.kinds import Count, CountOrZero, Counts, Fraction, NonNegative, Positive


@dataclass(frozen=True)
class NoiseParams:
    basis: Literal["full", "dct"]
    vectors: Count
    bound: Positive


@dataclass(frozen=True)
class RewardParams:
    hold_steps: Count
    terminate: bool


@dataclass(frozen=True)
class CriticParams:
    sees: Literal["noise", "actions"]
    hidden: Counts
    layer_norm: bool
    loss: Literal["bce", "c51"]
    atoms: Annotated[int, Range(minimum=2)]
    v_min: float
    v_max: float
    learning_rate: Positive


@dataclass(frozen=True)
class ActorParams:
    hidden: Counts
    layer_norm: bool
    learning_rate: Positive
    every: Count
    noise_penalty: NonNegative
    average: Annotated[float, Range(minimum=0, below=1)]


@dataclass(frozen=True)
class ChoiceParams:
    candidates: Count
    sigma: NonNegative
    margin: NonNegative


@dataclass(frozen=True)
class SteerParams:
    noise: NoiseParams
    num_envs: Count
    decisions: Count
    reward: RewardParams
    timeout: Literal["terminal", "bootstrap"]
    time_feature: bool
    object_features: bool
    gamma: Annotated[float, Range(above=0, maximum=1)]
    critic: CriticParams
    actor: ActorParams
    choice: ChoiceParams
    clipped_double: bool
    final_learning_rate: Fraction
    weight_decay: NonNegative
    tau: Annotated[float, Range(above=0, maximum=1)]
    batch_size: Count
    updates: Count
    update_every: Count
    n_step: Count
    replay: Count
    policy_noise: NonNegative
    policy_noise_clip: NonNegative
    sigma_min: NonNegative
    sigma_max: NonNegative
    gaussian_fraction: Fraction
    warmup_steps: CountOrZero
    critic_warmup_updates: CountOrZero
    evaluate_every: Count
    evaluate_episodes: Count
    checkpoint_every: Count
    num_threads: Count
