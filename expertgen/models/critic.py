"""Twin critics over an observation and a steering action."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from expertgen.models.perceptron import perceptron
from expertgen.params import CriticParams


class TwinCritic(nn.Module):
    """Two independent networks of the same shape (clipped double Q-learning, Fujimoto et al. 2018).

    They are plain networks side by side, not one batched matrix product: on a CPU the product takes
    the same time either way, and the normalisation between layers is fused only for plain networks.
    """

    def __init__(
        self,
        observation_dim: int,
        action_dim: int,
        outputs: int,
        params: CriticParams,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.networks = nn.ModuleList(
            perceptron(observation_dim + action_dim, params.hidden, outputs, params.layer_norm, generator)
            for _ in range(2)
        )

    def forward(self, observation: Tensor, action: Tensor) -> Tensor:
        """Outputs of both critics, (2, B, outputs), for (B, observation_dim) and (B, action_dim)."""
        inputs = torch.cat((observation, action), dim=-1)
        return torch.stack([network(inputs) for network in self.networks])
