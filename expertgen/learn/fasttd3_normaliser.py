"""Running mean and variance of observations."""

from __future__ import annotations

import torch
from torch import Tensor

from expertgen.policies.normaliser import SMALLEST_SCALE, Normaliser

OBSERVATION_CLIP = 5.0  # standard deviations


class RunningMoments:
    """Mean and variance per column over all rows seen, by Welford's update for batches, in float64."""

    def __init__(self, dim: int) -> None:
        self._count = torch.zeros((), dtype=torch.float64)
        self._mean = torch.zeros(dim, dtype=torch.float64)
        self._squares = torch.zeros(dim, dtype=torch.float64)  # summed squared distance from the mean

    def update(self, rows: Tensor) -> None:
        """Take in rows (B, dim)."""
        rows = rows.double()
        count = self._count + len(rows)
        batch_mean = rows.mean(0)
        delta = batch_mean - self._mean
        between = delta.square() * (self._count * len(rows) / count)
        self._squares = self._squares + (rows - batch_mean).square().sum(0) + between
        self._mean = self._mean + delta * (len(rows) / count)
        self._count = count

    def normaliser(self) -> Normaliser:
        """A fixed copy of the present moments; the identity, but for clipping, before any row was seen."""
        deviation = (self._squares / self._count.clamp(min=1)).sqrt()
        scale = torch.where(deviation < SMALLEST_SCALE, torch.ones_like(deviation), deviation)
        return Normaliser(self._mean.float(), scale.float(), OBSERVATION_CLIP)

    def state(self) -> dict[str, Tensor]:
        return {"count": self._count, "mean": self._mean, "squares": self._squares}

    def restore(self, state: dict[str, Tensor]) -> None:
        self._count, self._mean, self._squares = state["count"], state["mean"], state["squares"]
