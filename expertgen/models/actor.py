"""The steering actor: from a normalised observation to a point in the noise space."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from expertgen.models.perceptron import perceptron
from expertgen.params import ActorParams

_OUTPUT_SCALE = 1e-2  # starts near zero noise: the mode of the prior


class Actor(nn.Module):
    """A deterministic policy, (B, observation_dim) to (B, action_dim) in [-1, 1]."""

    def __init__(
        self, observation_dim: int, action_dim: int, params: ActorParams, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.network = perceptron(
            observation_dim, params.hidden, action_dim, params.layer_norm, generator, _OUTPUT_SCALE
        )

    def forward(self, observation: Tensor) -> Tensor:
        return self.network(observation).tanh()
