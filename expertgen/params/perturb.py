"""The parameters of disturbed episodes, the `perturb` section of params.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from expertgen.params.kinds import Count, Fraction, Positive, Seed


@dataclass(frozen=True)
class OpeningParams:
    events: Count
    steps: Count


@dataclass(frozen=True)
class ForceParams:
    events: Count
    steps: Count
    newtons: Positive


@dataclass(frozen=True)
class PerturbParams:
    tasks: tuple[str, ...]
    episodes: Count
    seed: Seed
    earliest: Fraction
    latest: Fraction
    opening: OpeningParams
    force: ForceParams
