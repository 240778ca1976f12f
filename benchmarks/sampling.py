"""Chunk sampling against a plain diffusers DDIM loop with the same network, interleaved in one run.

    python benchmarks/sampling.py [--threads 1] [--repeats 30] [--json reports/benchmarks/sampling.json]

The plain loop is what diffusers' documentation shows: network, scheduler.step, network, ... under
torch.no_grad, with the observation normalised and the actions decoded as the prior does it. Weights are
random: they do not change the time. The file holds medians in milliseconds, their ratio (above 1: the sampler
is faster) and the largest difference of an action.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from expertgen.data.atomic import atomic_write_json
from expertgen.learn.behaviour_cloning import BehaviourCloning
from expertgen.params import PriorParams, load_params
from expertgen.policies.diffusion import END_EFFECTOR_COLUMNS, DiffusionPrior
from expertgen.policies.diffusion_schedule import ddim_scheduler

ROOT = Path(__file__).resolve().parents[1]
BATCHES = (1, 128, 256)  # a real robot, steering's environments, evaluation's


def random_prior(params: PriorParams) -> DiffusionPrior:
    """An untrained prior of the given size."""
    generator = np.random.default_rng(0)
    observations, actions = (generator.normal(size=(64, n)).astype(np.float32) for n in (53, 10))
    return BehaviourCloning(observations, actions, np.array([64]), params, seed=0).result()


def plain_loop(prior: DiffusionPrior) -> Callable[[Tensor, Tensor], Tensor]:
    """Chunks from observations and noise, by diffusers alone."""
    config = prior.config
    scheduler = ddim_scheduler(config.train_diffusion_steps, config.prediction, config.clip)
    task = torch.tensor([config.task])

    @torch.no_grad()
    def sample(observation: Tensor, noise: Tensor) -> Tensor:
        scheduler.set_timesteps(config.ddim_steps)
        normalised = prior.observation_normaliser.normalise(observation)
        x = noise
        for step in scheduler.timesteps:
            condition = prior.denoiser.condition(normalised, task)
            predicted = prior.denoiser(x, step.expand(len(x)), condition)
            x = scheduler.step(predicted, step, x, eta=0.0, use_clipped_model_output=True).prev_sample
        chunk = prior.action_normaliser.denormalise(x)
        if config.relative_position:
            chunk[..., :3] += observation[:, None, END_EFFECTOR_COLUMNS]
        return chunk

    return sample


def compare(prior: DiffusionPrior, batch: int, repeats: int) -> dict[str, Any]:
    """Medians over `repeats` interleaved pairs, after two pairs of warm-up."""
    generator = torch.Generator().manual_seed(0)
    observation = torch.randn(batch, prior.observation_dim, generator=generator)
    noise = torch.randn(batch, prior.horizon, prior.action_dim, generator=generator)
    methods: tuple[Callable[[Tensor, Tensor], Tensor], ...] = (plain_loop(prior), prior.sample)
    seconds: tuple[list[float], list[float]] = ([], [])
    # With one thread its own CPU time, which other processes of the machine hardly disturb.
    clock = time.thread_time if torch.get_num_threads() == 1 else time.perf_counter
    for _ in range(repeats + 2):
        for method, times in zip(methods, seconds, strict=True):
            start = clock()
            method(observation, noise)
            times.append(clock() - start)
    plain, ours = (statistics.median(times[2:]) * 1e3 for times in seconds)
    difference = (methods[0](observation, noise) - methods[1](observation, noise)).abs().max().item()
    return {
        "batch": batch,
        "plain_ms": round(plain, 3),
        "sampler_ms": round(ours, 3),
        "ratio": round(plain / ours, 3),
        "largest_difference": difference,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--json", type=Path, default=ROOT / "reports/benchmarks/sampling.json")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    params = load_params(ROOT / "params.yaml").prior
    result: dict[str, Any] = {
        "ddim_steps": params.ddim_steps,
        "threads": arguments.threads,
        "clock": "thread CPU time" if arguments.threads == 1 else "wall time",
        "networks": {},
    }
    for network in ("mlp", "unet"):
        prior = random_prior(dataclasses.replace(params, network=network))
        result["networks"][network] = [compare(prior, batch, arguments.repeats) for batch in BATCHES]
        for row in result["networks"][network]:
            print(f"{network:5} batch {row['batch']:4}: plain {row['plain_ms']:8.2f} ms, "
                  f"sampler {row['sampler_ms']:8.2f} ms, ratio {row['ratio']:.2f}", flush=True)  # fmt: skip
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_json(arguments.json, result)


if __name__ == "__main__":
    main()
