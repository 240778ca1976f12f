"""Students and how they are taught: the `student`, `distill` and `student_report` sections of params.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from expertgen.params.checks import Range
from expertgen.params.kinds import Count, CountOrZero, Counts, Fraction, NonNegative, Positive


@dataclass(frozen=True)
class PointsParams:
    channels: Counts
    train: Count


@dataclass(frozen=True)
class ImagesParams:
    channels: Counts
    shift: CountOrZero


@dataclass(frozen=True)
class StudentDiffusionParams:
    train_steps: Count
    ddim_steps: Count
    repeats: Count


@dataclass(frozen=True)
class StudentParams:
    sees: Literal["points", "images"]
    head: Literal["regression", "diffusion"]
    points: PointsParams
    images: ImagesParams
    feature: Count
    width: Count
    blocks: Count
    diffusion: StudentDiffusionParams


@dataclass(frozen=True)
class ShareParams:
    initial: Fraction
    final: Fraction
    begin: CountOrZero
    end: CountOrZero


@dataclass(frozen=True)
class DistillParams:
    tasks: tuple[str, ...]
    samples: Count
    envs: Count
    share: ShareParams
    memory: Count
    batch_size: Count
    updates_per_sample: Positive
    final_updates: CountOrZero
    learning_rate: Positive
    weight_decay: NonNegative
    average: Annotated[float, Range(minimum=0, below=1)]
    evaluate_every: Count
    evaluate_episodes: Count
    workers: CountOrZero
    num_threads: Count


@dataclass(frozen=True)
class StudentReportParams:
    episodes: Count
    robustness_episodes: CountOrZero
    looks: Count
