"""Convolution blocks modulated by a condition (FiLM: feature-wise linear modulation)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ConvBlock(nn.Sequential):
    """Convolution over time, group norm, Mish: (B, `inputs`, T) -> (B, `outputs`, T)."""

    def __init__(self, inputs: int, outputs: int, kernel_size: int, groups: int) -> None:
        super().__init__(
            nn.Conv1d(inputs, outputs, kernel_size, padding=kernel_size // 2),
            nn.GroupNorm(groups, outputs),
            nn.Mish(),
        )


class FiLM(nn.Module):
    """Scale and bias per channel, computed from a condition (B, C): x (B, `channels`, T) -> the same shape.

    The scale is 1 + a linear map, so that the modulation starts near the identity.
    """

    def __init__(self, condition_dim: int, channels: int) -> None:
        super().__init__()
        self.activation = nn.Mish()
        self.linear = nn.Linear(condition_dim, 2 * channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, bias = self.linear(self.activation(condition))[..., None].chunk(2, dim=1)
        return torch.addcmul(bias, x, 1.0 + scale)


class FiLMResidualBlock(nn.Module):
    """Two convolution blocks with FiLM between them and a residual: (B, `inputs`, T) -> (B, `outputs`, T)."""

    def __init__(self, inputs: int, outputs: int, condition_dim: int, kernel_size: int, groups: int) -> None:
        super().__init__()
        self.first = ConvBlock(inputs, outputs, kernel_size, groups)
        self.film = FiLM(condition_dim, outputs)
        self.second = ConvBlock(outputs, outputs, kernel_size, groups)
        self.residual = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return self.second(self.film(self.first(x), condition)) + self.residual(x)
