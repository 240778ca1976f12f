"""Standardisation of actions and observations by mean and standard deviation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SMALLEST_SCALE = 1e-4  # in the data's own unit; anything steadier is taken for constant


@dataclass(frozen=True, eq=False)
class Normaliser:
    """x -> (x - mean) / scale over the trailing dimensions, clamped to [-`clip`, `clip`] where that is given.

    `mean` and `scale` have the trailing shape that is normalised: (53,) for observations, (16, 10) for action
    chunks, so that each time step of a chunk has its own statistics.
    """

    mean: Tensor
    scale: Tensor
    clip: float | None = None

    @staticmethod
    def fit(data: Tensor, clip: float | None = None) -> Normaliser:
        """Mean and standard deviation over the first dimension of `data` (N, ...), in double precision.

        Entries whose standard deviation is below SMALLEST_SCALE (constant columns: the last row of a pose
        matrix, absent objects, a fixed rotation) are centred and not scaled.
        """
        wide = data.double()
        mean, deviation = wide.mean(0), wide.std(0, correction=0)
        scale = torch.where(deviation < SMALLEST_SCALE, torch.ones_like(deviation), deviation)
        return Normaliser(mean.to(data.dtype), scale.to(data.dtype), clip)

    def normalise(self, x: Tensor) -> Tensor:
        """(..., *shape) in the data's units -> standardised."""
        y = (x - self.mean) / self.scale
        return y if self.clip is None else y.clamp_(-self.clip, self.clip)

    def denormalise(self, y: Tensor) -> Tensor:
        """The inverse of `normalise` for values that were not clamped."""
        return torch.addcmul(self.mean, y, self.scale)
