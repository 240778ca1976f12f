"""The DDIM loop, with what does not change inside it computed before it."""

from __future__ import annotations

import torch
from torch import Tensor

from expertgen.models.denoiser import Denoiser, inference_network
from expertgen.policies.diffusion_schedule import DDIMStep


class DDIMSampler:
    """Deterministic DDIM (eta = 0) with a frozen denoiser: noise (B, T, A) -> normalised chunk (B, T, A).

    The result is that of diffusers' DDIMScheduler with the same network, to rounding.
    """

    def __init__(self, denoiser: Denoiser, clip: float | None) -> None:
        self.denoiser, self.clip = denoiser, clip
        self.network = inference_network(denoiser)

    @torch.inference_mode()
    def sample(self, observation: Tensor, task: Tensor, noise: Tensor, steps: tuple[DDIMStep, ...]) -> Tensor:
        """From normalised observations (B, D), task index (B,) or (1,) and noise; an inference tensor."""
        condition = self.denoiser.condition(observation, task)
        timesteps = torch.tensor([step.timestep for step in steps], device=noise.device)
        denoise = self.network.bind(condition, timesteps)
        x = noise.clone()
        for index, step in enumerate(steps):
            clean = denoise(x, index)
            if step.p:
                clean = clean.mul_(step.q).add_(x, alpha=step.p)
            if self.clip is not None:
                clean.clamp_(-self.clip, self.clip)
            x = clean.mul_(step.b).add_(x, alpha=step.a) if step.a else clean
        return x

    def differentiable(self, observation: Tensor, task: Tensor, noise: Tensor, steps: tuple[DDIMStep, ...]) -> Tensor:
        """The same chunk, to rounding, as a differentiable function of `noise`."""
        condition = self.denoiser.condition(observation, task)
        x = noise
        for step in steps:
            clean = self.denoiser(x, torch.full((len(x),), step.timestep), condition)
            clean = step.q * clean + step.p * x if step.p else clean
            if self.clip is not None:
                clean = clean.clamp(-self.clip, self.clip)
            x = step.b * clean + step.a * x if step.a else clean
        return x
