"""Behaviour cloning of a diffusion prior from demonstrations (ExpertGen, III-B and IV-A; Table VI)."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from expertgen.data.checkpoints import load_checkpoint, save_checkpoint
from expertgen.learn.behaviour_cloning_state import restore, snapshot
from expertgen.learn.chunk_dataset import ChunkDataset
from expertgen.models.denoiser import Denoiser
from expertgen.models.ema import EMA
from expertgen.params import PriorParams
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.policies.diffusion_config import PriorConfig
from expertgen.policies.diffusion_schedule import ddpm_scheduler
from expertgen.seeds import seed_sequence, torch_generator


@dataclass(frozen=True)
class Progress:
    """One iteration done: `iteration` counts from 1; `loss` is its batch's (normalised units)."""

    iteration: int
    iterations: int
    loss: float
    learning_rate: float


class BehaviourCloning:
    """Trains a denoiser on all windows of the demonstrations; see ChunkDataset for the arrays.

    AdamW with betas (.95, .999), linear warm-up, cosine decay to zero; the result is the EMA of the weights.
    The loss is eq. 5 of ExpertGen, or its form for the predicted clean chunk. A run is fixed by its arguments
    and torch's thread count: interrupted and resumed it equals an uninterrupted one bit for bit.
    """

    def __init__(
        self,
        observations: np.ndarray,
        actions: np.ndarray,
        episode_ends: np.ndarray,
        params: PriorParams,
        seed: int,
        task: int = 0,
    ) -> None:
        self.params, self.seed, self.iteration = params, seed, 0
        windows = (params.horizon, params.relative_position)
        self.data = ChunkDataset.build(observations, actions, episode_ends, *windows)
        # A clean chunk predicted from noise may leave the data's range by far; see ddim_scheduler.
        clip = float(self.data.chunks.abs().max()) if params.prediction == "epsilon" else None
        self.config = PriorConfig.build(params, observations.shape[1], actions.shape[1], clip, task)
        self.denoiser = _initialised(self.config, seed)
        self.ema = EMA(self.denoiser, params.ema_power, params.ema_max)
        self.optimiser = torch.optim.AdamW(
            self.denoiser.parameters(),
            lr=params.learning_rate,
            betas=(0.95, 0.999),
            weight_decay=params.weight_decay,
            fused=True,
        )
        self.generator = torch_generator("prior", "batches", seed)
        self.scheduler = ddpm_scheduler(params.train_diffusion_steps, params.prediction)
        self._task = torch.tensor([task])

    def run(self, until: int | None = None) -> Iterator[Progress]:
        """Train up to iteration `until` (default: all of `params.iterations`), yielding after each one."""
        end = self.params.iterations if until is None else min(until, self.params.iterations)
        while self.iteration < end:
            rate = self._learning_rate()
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            self.optimiser.zero_grad(set_to_none=True)
            loss = self._loss()
            loss.backward()
            self.optimiser.step()
            self.ema.update(self.denoiser)
            self.iteration += 1
            yield Progress(self.iteration, self.params.iterations, loss.item(), rate)

    def result(self) -> DiffusionPrior:
        """The prior with the averaged weights as they are now; training may go on."""
        return DiffusionPrior(
            self.config,
            copy.deepcopy(self.ema.module),
            self.data.observation_normaliser,
            self.data.action_normaliser,
        )

    def save_state(self, directory: Path) -> None:
        """Write all that `load_state` needs to go on exactly."""
        save_checkpoint(directory, snapshot(self), self._meta() | _counters(self))

    def load_state(self, directory: Path) -> None:
        """Go on from `save_state`.

        Raises MissingInput, CorruptArtifact, or IncompatibleArtifact where it was written for other data,
        parameters or seed; nothing is changed then.
        """
        tensors, meta = load_checkpoint(directory)
        restore(self, tensors, meta, self._meta(), str(directory))

    def _loss(self) -> Tensor:
        count, size, generator = len(self.data.chunks), self.params.batch_size, self.generator
        rows = torch.randint(count, (size,), generator=generator)
        step = torch.randint(self.params.train_diffusion_steps, (size,), generator=generator)
        clean = self.data.chunks[rows]
        noise = torch.randn(clean.shape, generator=generator)
        noisy = self.scheduler.add_noise(clean, noise, step)
        condition = self.denoiser.condition(self.data.observations[rows], self._task)
        predicted = self.denoiser(noisy, step, condition)
        return nn.functional.mse_loss(predicted, clean if self.params.prediction == "sample" else noise)

    def _learning_rate(self) -> float:
        warmup, total = self.params.warmup, self.params.iterations
        if self.iteration < warmup:
            return self.params.learning_rate * (self.iteration + 1) / warmup
        done = (self.iteration - warmup) / max(total - warmup, 1)
        return self.params.learning_rate * 0.5 * (1.0 + math.cos(math.pi * done))

    def _meta(self) -> dict:
        """What a state must agree in to be this run's."""
        ignored = {"ddim_steps", "execute", "train_on", "checkpoint_every", "num_threads"}
        params = {k: v for k, v in dataclasses.asdict(self.params).items() if k not in ignored}
        params["channels"] = list(self.params.channels)
        task = self.config.task
        return {
            "kind": "behaviour_cloning",
            "seed": self.seed,
            "task": task,
            "data": self.data.digest,
            "prior": params,
        }


def _counters(run: BehaviourCloning) -> dict[str, int]:
    return {"iteration": run.iteration, "ema_updates": run.ema.updates}


def _initialised(config: PriorConfig, seed: int) -> Denoiser:
    """A denoiser whose initial weights depend on `seed` alone, leaving torch's global generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed_sequence("prior", "weights", seed).generate_state(1)[0]))
        return Denoiser(config.denoiser)
