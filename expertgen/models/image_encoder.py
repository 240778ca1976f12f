"""A small ResNet with group norm, as visuomotor diffusion policies have it (Chi et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

GROUPS = 8
STEM = 4  # px: the first layer's stride; a software network cannot afford more pixels


class ResidualStage(nn.Module):
    """(B, C, H, W) → (B, D, H / 2, W / 2), two 3 x 3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=2, bias=False)
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, outputs) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norms[0](self.first(x)))
        return torch.relu(self.norms[1](self.second(y)) + self.shortcut(x))


class ImageEncoder(nn.Module):
    """Images (B, C, H, W, 3) uint8 of C cameras → features (B, `outputs`).

    One network for all cameras, and a linear layer for each over the whole last map, so that where something is seen
    is not lost, as an average would lose it.
    """

    def __init__(self, channels: Sequence[int], outputs: int, cameras: int, height: int, width: int) -> None:
        super().__init__()
        first, *others = channels
        stages: list[nn.Module] = [nn.Conv2d(3, first, 2 * STEM, stride=STEM, padding=STEM // 2, bias=False),
                                   nn.GroupNorm(GROUPS, first), nn.ReLU()]  # fmt: skip
        for inputs, channel in zip(channels, others, strict=False):
            stages.append(ResidualStage(inputs, channel))
        self.stages = nn.Sequential(*stages)
        self.squeeze = nn.Conv2d(channels[-1], 32, 1)
        with torch.no_grad():
            size = self.squeeze(self.stages(torch.zeros(1, 3, height, width))).numel()
        self.outputs = nn.ModuleList(nn.Linear(size, outputs) for _ in range(cameras))
        self.norm = nn.LayerNorm(outputs)

    def forward(self, images: Tensor) -> Tensor:
        batch, cameras = images.shape[:2]
        x = images.flatten(0, 1).permute(0, 3, 1, 2).to(torch.float32).mul_(2 / 255).sub_(1)
        x = torch.relu(self.squeeze(self.stages(x.contiguous(memory_format=torch.channels_last))))
        maps = x.flatten(1).unflatten(0, (batch, cameras))
        return self.norm(sum(layer(maps[:, i]) for i, layer in enumerate(self.outputs)))
