"""Exponential moving average of a module's parameters."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class EMA:
    """A slowly moving copy of `module`, for evaluation.

    The n-th update (from 0) uses decay min(`maximum`, 1 - (1 + n)^-`power`), so the first one copies and the
    average forgets the initial weights quickly (as in Diffusion Policy). `updates` is n and belongs in a
    checkpoint: restarting it at 0 would throw the average away.
    """

    def __init__(self, module: nn.Module, power: float, maximum: float) -> None:
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.power, self.maximum, self.updates = power, maximum, 0

    @property
    def decay(self) -> float:
        return min(self.maximum, 1.0 - (1.0 + self.updates) ** -self.power)

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average towards the parameters of `module`; buffers are not averaged."""
        weight = 1.0 - self.decay
        for average, current in zip(self.module.parameters(), module.parameters(), strict=True):
            average.lerp_(current, weight)
        self.updates += 1

    def state_dict(self) -> dict[str, Tensor]:
        return self.module.state_dict()

    def load_state_dict(self, state: dict[str, Tensor], updates: int) -> None:
        self.module.load_state_dict(state)
        self.updates = updates
