"""Embeddings of what is not a vector yet: the diffusion step and the task."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from expertgen.errors import InvalidParameter


class SinusoidalEmbedding(nn.Module):
    """Sines and cosines of an integer at geometrically spaced frequencies: (B,) -> (B, `dim`), `dim` even."""

    frequencies: Tensor

    def __init__(self, dim: int, longest_period: float = 10_000.0) -> None:
        super().__init__()
        half = dim // 2
        exponent = torch.arange(half, dtype=torch.float32) / max(half - 1, 1)
        # Rebuilt from `dim`, so it has no place in a checkpoint.
        self.register_buffer("frequencies", torch.exp(-math.log(longest_period) * exponent), persistent=False)

    def forward(self, step: Tensor) -> Tensor:
        angle = step.to(self.frequencies.dtype)[:, None] * self.frequencies
        return torch.cat((angle.sin(), angle.cos()), dim=-1)


class StepEmbedding(nn.Module):
    """Diffusion step (B,) -> (B, `dim`): sinusoids and a two-layer MLP (ExpertGen, Table VI: 16).

    Raises InvalidParameter for an odd `dim`.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim % 2:
            raise InvalidParameter(
                f"prior.step_embedding is {dim}; sines and cosines need an even number, e.g. 16."
            )
        self.layers = nn.Sequential(
            SinusoidalEmbedding(dim), nn.Linear(dim, 4 * dim), nn.Mish(), nn.Linear(4 * dim, dim)
        )

    def forward(self, step: Tensor) -> Tensor:
        return self.layers(step)


class TaskEmbedding(nn.Module):
    """Task index (B,) int64 -> (B, `dim`): an MLP over the one-hot index (ExpertGen, appendix)."""

    def __init__(self, tasks: int, dim: int) -> None:
        super().__init__()
        self.tasks = tasks
        self.layers = nn.Sequential(nn.Linear(tasks, 4 * dim), nn.Mish(), nn.Linear(4 * dim, dim))

    def forward(self, task: Tensor) -> Tensor:
        one_hot = nn.functional.one_hot(task, self.tasks)
        return self.layers(one_hot.to(self.layers[0].weight.dtype))
