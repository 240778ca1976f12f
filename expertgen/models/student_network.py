"""A student's network: an encoder of what it sees, and a head that tells a chunk of actions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from expertgen.models.image_encoder import ImageEncoder
from expertgen.models.mlp_denoiser import MLPDenoiser, ResidualBlock
from expertgen.models.point_encoder import PointEncoder


@dataclass(frozen=True)
class StudentConfig:
    """Everything that fixes the shapes of a student's weights. sees, channels, cameras, height and width describe what
    it is told; proprioception, horizon and action_dim are numbers of values."""

    sees: Literal["points", "images"]
    head: Literal["regression", "diffusion"]
    channels: tuple[int, ...]
    feature: int
    width: int
    blocks: int
    proprioception: int
    horizon: int
    action_dim: int
    cameras: int
    image_height: int
    image_width: int
    train_steps: int
    ddim_steps: int

    @staticmethod
    def from_dict(values: dict[str, Any]) -> StudentConfig:
        """The inverse of `as_dict`."""
        return StudentConfig(**{**values, "channels": tuple(values["channels"])})

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {**asdict(self), "channels": list(self.channels)}


class RegressionHead(nn.Module):
    """Condition (B, C) → chunk (B, T, A)."""

    def __init__(self, condition: int, config: StudentConfig) -> None:
        super().__init__()
        self.shape = (config.horizon, config.action_dim)
        self.input = nn.Linear(condition, config.width)
        self.blocks = nn.ModuleList(ResidualBlock(config.width) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.output = nn.Linear(config.width, config.horizon * config.action_dim)

    def forward(self, condition: Tensor) -> Tensor:
        x = self.input(condition)
        for block in self.blocks:
            x = block(x)
        return self.output(self.norm(x)).unflatten(1, self.shape)


class StudentNetwork(nn.Module):
    """`condition` turns what is seen into a vector (B, feature + proprioception); `head` tells the chunk from it: of
    the condition alone (regression), or of a noisy chunk, its diffusion step and the condition (diffusion)."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder: PointEncoder | ImageEncoder
        if config.sees == "points":
            self.encoder = PointEncoder(config.channels, config.feature)
        else:
            views = (config.cameras, config.image_height, config.image_width)
            self.encoder = ImageEncoder(config.channels, config.feature, *views)
        size = config.feature + config.proprioception
        self.head: RegressionHead | MLPDenoiser
        if config.head == "regression":
            self.head = RegressionHead(size, config)
        else:
            shape = (config.horizon, config.action_dim, size)
            self.head = MLPDenoiser(*shape, config.width, config.blocks)

    def condition(self, seen: Tensor, tool: Tensor, proprioception: Tensor) -> Tensor:
        """Points (B, N, 3) m or images (B, C, H, W, 3) uint8; the tool's position (B, 3) m; normalised proprioception
        (B, P) → (B, feature + P)."""
        encoded = self.encoder(seen, tool) if isinstance(self.encoder, PointEncoder) else self.encoder(seen)
        return torch.cat((torch.relu(encoded), proprioception), dim=-1)
