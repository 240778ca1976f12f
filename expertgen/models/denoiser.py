"""The denoiser of a prior: a network and the task embedding that is part of its condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from expertgen.models.embedding import TaskEmbedding
from expertgen.models.mlp_denoiser import MLPDenoiser
from expertgen.models.mlp_inference import MLPInference
from expertgen.models.unet import UNet
from expertgen.models.unet_inference import UNetInference


@dataclass(frozen=True)
class DenoiserConfig:
    """Everything that fixes the shapes of a denoiser's weights."""

    network: Literal["mlp", "unet"]
    horizon: int
    action_dim: int
    observation_dim: int
    tasks: int  # length of the one-hot task index
    step_embedding: int
    task_embedding: int
    channels: tuple[int, ...]  # unet
    kernel_size: int  # unet
    groups: int  # unet
    width: int  # mlp
    blocks: int  # mlp

    @property
    def condition_dim(self) -> int:
        return self.observation_dim + self.task_embedding


class Denoiser(nn.Module):
    """Noisy chunk (B, T, A), diffusion step (B,) int64, condition (B, C) -> prediction (B, T, A).

    `condition` makes the condition of a normalised observation and a task; what is predicted (the clean chunk
    or the noise) is the affair of whoever trains it.
    """

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        self.task_embedding = TaskEmbedding(config.tasks, config.task_embedding)
        self.network = _network(config)

    def condition(self, observation: Tensor, task: Tensor) -> Tensor:
        """Normalised observation (B, `observation_dim`), task index (B,) or (1,) -> condition (B, C)."""
        embedding = self.task_embedding(task).expand(observation.shape[0], -1)
        return torch.cat((observation, embedding), dim=-1)

    def forward(self, noisy_chunk: Tensor, step: Tensor, condition: Tensor) -> Tensor:
        return self.network(noisy_chunk, step, condition)


def _network(config: DenoiserConfig) -> UNet | MLPDenoiser:
    shape = (config.horizon, config.action_dim, config.condition_dim)
    if config.network == "unet":
        return UNet(*shape, config.channels, config.kernel_size, config.groups, config.step_embedding)
    return MLPDenoiser(*shape, config.width, config.blocks, config.step_embedding)


def inference_network(denoiser: Denoiser) -> UNetInference | MLPInference:
    """The denoiser's network for a sampler, with the weights that it has now."""
    network = denoiser.network
    return UNetInference(network) if isinstance(network, UNet) else MLPInference(network)
