"""How a student goes on learning from recorded trials too: the `cotrain` section of params.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from expertgen.params.checks import Range
from expertgen.params.kinds import Count, Fraction, Positive


@dataclass(frozen=True)
class CotrainParams:
    samples: Count
    teacher_share: Fraction
    real_share: Annotated[float, Range(minimum=0, below=1)]
    updates: Count
    learning_rate: Positive
