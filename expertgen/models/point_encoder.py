"""A PointNet for small clouds (Qi et al. 2017; DP3, Ze et al. 2024, has one of this size)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

REACH = 0.2  # m, which is about 1 for the network


class PointEncoder(nn.Module):
    """Points (B, N, 3) m and the tool's position (B, 3) m, base frame → features (B, `outputs`).

    Each point is told in the base frame and from the tool, for what matters in a grasp are the last centimetres
    between them. The same perceptron for every point, then the maximum over points: their order and number do not
    matter.
    """

    def __init__(self, channels: Sequence[int], outputs: int, centre: Sequence[float] = (0.5, 0.0, 0.1)) -> None:
        super().__init__()
        self.register_buffer("centre", torch.tensor(centre), persistent=False)
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise((6, *channels)))
        self.norm = nn.LayerNorm(channels[-1])
        self.output = nn.Linear(channels[-1], outputs)

    def forward(self, points: Tensor, tool: Tensor) -> Tensor:
        x = torch.cat((points - self.centre, points - tool[:, None]), dim=-1) / REACH
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        # The maximum before the last activation, which is monotonous: a fraction of the work.
        x = torch.relu(self.layers[-1](x).amax(1))
        return self.output(self.norm(x))
