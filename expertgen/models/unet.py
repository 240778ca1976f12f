"""The 1-D conditional U-Net of diffusion policies (ExpertGen, Table VI)."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from expertgen.errors import InvalidParameter
from expertgen.models.embedding import StepEmbedding
from expertgen.models.film import ConvBlock, FiLMResidualBlock


class UNet(nn.Module):
    """Noisy chunk (B, T, A), diffusion step (B,), condition (B, C) -> prediction (B, T, A).

    The defaults are the paper's. Each level has two FiLM residual blocks; every level but the last halves the
    time axis, and the way back doubles it and joins the level's own output. FiLM is driven by the step
    embedding beside the condition.

    Raises InvalidParameter where T cannot be halved at every level or the groups do not divide the channels.
    """

    def __init__(
        self,
        horizon: int,
        action_dim: int,
        condition_dim: int,
        channels: tuple[int, ...] = (128, 256),
        kernel_size: int = 5,
        groups: int = 8,
        step_embedding: int = 16,
    ) -> None:
        super().__init__()
        _check(horizon, channels, kernel_size, groups)
        self.horizon, self.action_dim = horizon, action_dim
        self.step_embedding = StepEmbedding(step_embedding)
        film_dim = step_embedding + condition_dim

        def pair(inputs: int, outputs: int) -> nn.ModuleList:
            return nn.ModuleList(
                FiLMResidualBlock(width, outputs, film_dim, kernel_size, groups)
                for width in (inputs, outputs)
            )

        inner = list(itertools.pairwise(channels))
        self.encoder = nn.ModuleList(
            pair(i, o) for i, o in zip((action_dim, *channels), channels, strict=False)
        )
        self.downsample = nn.ModuleList(nn.Conv1d(c, c, 3, stride=2, padding=1) for c, _ in inner)
        self.middle = pair(channels[-1], channels[-1])
        # Registered in the order in which the way back visits them, deepest first.
        self.upsample = nn.ModuleList(nn.ConvTranspose1d(d, c, 4, 2, padding=1) for c, d in reversed(inner))
        self.decoder = nn.ModuleList(pair(2 * c, c) for c, _ in reversed(inner))
        self.head = nn.Sequential(
            ConvBlock(channels[0], channels[0], kernel_size, groups), nn.Conv1d(channels[0], action_dim, 1)
        )

    def forward(self, noisy_chunk: Tensor, step: Tensor, condition: Tensor) -> Tensor:
        film = torch.cat((self.step_embedding(step), condition), dim=-1)
        x = noisy_chunk.transpose(1, 2)
        skips: list[Tensor] = []
        for level, blocks in enumerate(self.encoder):
            if level:
                skips.append(x)
                x = self.downsample[level - 1](x)
            for block in blocks:
                x = block(x, film)
        for block in self.middle:
            x = block(x, film)
        for upsample, blocks in zip(self.upsample, self.decoder, strict=True):
            x = torch.cat((upsample(x), skips.pop()), dim=1)
            for block in blocks:
                x = block(x, film)
        return self.head(x).transpose(1, 2)


def _check(horizon: int, channels: tuple[int, ...], kernel_size: int, groups: int) -> None:
    factor = 2 ** (len(channels) - 1)
    if not channels:
        raise InvalidParameter(
            "prior.channels is empty; the U-Net needs at least one level, e.g. [128, 256]."
        )
    if horizon % factor:
        raise InvalidParameter(
            f"prior.horizon is {horizon}, yet a U-Net of {len(channels)} levels needs multiples of {factor}; "
            f"change prior.horizon or the length of prior.channels."
        )
    if kernel_size % 2 == 0:
        raise InvalidParameter(f"prior.kernel_size is {kernel_size}; the U-Net needs an odd one, e.g. 5.")
    if any(width % groups for width in channels):
        raise InvalidParameter(
            f"prior.groups is {groups}, not a divisor of all prior.channels {list(channels)}."
        )
