"""A residual MLP denoiser: an order of magnitude cheaper on a CPU core than the U-Net."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from expertgen.models.embedding import StepEmbedding


class ResidualBlock(nn.Module):
    """x + MLP(LayerNorm(x)) with one hidden layer of the same width: (B, W) -> (B, W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, width)
        self.activation = nn.SiLU()  # a sixth of Mish's time on a CPU
        self.second = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.activation(self.first(self.norm(x))))


class MLPDenoiser(nn.Module):
    """Noisy chunk (B, T, A), diffusion step (B,), condition (B, C) -> prediction (B, T, A).

    Chunk, condition and step embedding enter once, through one linear layer over their concatenation (in that
    order; `parts` holds their widths), so that a sampler may compute the condition's share of it once per
    chunk.
    """

    def __init__(
        self,
        horizon: int,
        action_dim: int,
        condition_dim: int,
        width: int = 512,
        blocks: int = 3,
        step_embedding: int = 16,
    ) -> None:
        super().__init__()
        self.horizon, self.action_dim = horizon, action_dim
        flat = horizon * action_dim
        self.step_embedding = StepEmbedding(step_embedding)
        self.parts = (flat, condition_dim, step_embedding)
        self.input = nn.Linear(sum(self.parts), width)
        self.blocks = nn.ModuleList(ResidualBlock(width) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, flat)

    def forward(self, noisy_chunk: Tensor, step: Tensor, condition: Tensor) -> Tensor:
        x = self.input(torch.cat((noisy_chunk.flatten(1), condition, self.step_embedding(step)), dim=-1))
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x)).unflatten(1, (self.horizon, self.action_dim))
