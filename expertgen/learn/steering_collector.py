"""Collecting experience: exploration, chunks executed, rewards, episode ends and resets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from expertgen.learn.fasttd3 import FastTD3
from expertgen.learn.replay import Replay
from expertgen.learn.rollout_reward import HoldReward
from expertgen.learn.steering_progress import RecentSuccess
from expertgen.learn.steering_seeds import TrainingSeeds
from expertgen.params import SteerParams
from expertgen.policies.action_view import ActionView
from expertgen.policies.noise_space import NoiseSpace
from expertgen.policies.steered import steering_input
from expertgen.seeds import torch_generator

if TYPE_CHECKING:
    from expertgen.env import Env
    from expertgen.policies.diffusion import DiffusionPrior

_ENV = "env/"  # before the names of the environments' own arrays


class Collector:
    """Steps all environments by one decision each, and resets those whose episode ended.

    Exploration is mixed: the first `gaussian_fraction` of the environments always draw Gaussian noise, as
    the prior was trained with; the others follow the actor with Gaussian noise of a standard deviation of
    their own, sigma ~ U[sigma_min, sigma_max], redrawn with each episode (FastTD3).
    """

    def __init__(self, env: Env, prior: DiffusionPrior, noise_space: NoiseSpace, params: SteerParams,
                 view: ActionView | None, frames: tuple[int, ...], task: str, seed: int) -> None:  # fmt: skip
        """`view`: what the critics judge and `replay` holds; `frames`: see steering_input."""
        self._view, self._frames = view, frames
        self._env, self._prior, self._noise_space, self._params = env, prior, noise_space, params
        self._generator = torch_generator("steer", task, seed, "exploration")
        self._seeds = TrainingSeeds(task, seed)
        self._reward = HoldReward(params.reward, params.timeout, env.num_envs)
        self._gaussian = np.arange(env.num_envs) < round(params.gaussian_fraction * env.num_envs)
        self._sigma = self._draw_sigma()
        self.steered, self.gaussian = RecentSuccess(), RecentSuccess()
        self.episodes = 0
        env.reset(self._seeds.draw(env.num_envs))

    def step(self, learner: FastTD3, replay: Replay, random: bool) -> None:
        """One decision in every environment, stored in `replay`. With `random`, all draw Gaussian noise."""
        observation = self._env.observe()
        seen = self._see(observation)
        learner.see(seen)
        action = self._explore(learner, seen, random)
        chunk = self._prior.sample(observation, self._noise_space.to_noise(action))
        result = self._env.step_chunk(chunk[:, : self._env.execute])
        healthy = result.healthy.numpy()
        outcome = self._reward.step(
            result.success.numpy(), healthy, self._env.elapsed >= self._env.episode_steps
        )
        # A diverged state may hold anything; it is terminal, so its value is never asked for.
        following = torch.where(result.healthy[:, None], self._see(result.observation), seen)
        replay.add(
            seen,
            self._view.executed(seen, chunk) if self._view else action,
            torch.from_numpy(outcome.reward),
            torch.from_numpy(outcome.terminal),
            torch.from_numpy(outcome.truncated),
            following,
        )
        self._finish(np.flatnonzero(outcome.ended), outcome.success)

    def _see(self, observation: Tensor) -> Tensor:
        steps = self._env.episode_steps if self._params.time_feature else None
        return steering_input(observation, self._env.elapsed, steps, self._frames)

    def _explore(self, learner: FastTD3, seen: Tensor, random: bool) -> Tensor:
        normals = torch.randn(len(seen), self._noise_space.dim, generator=self._generator)
        drawn = self._noise_space.gaussian(normals)
        if random:
            return drawn
        steered = (learner.act(seen) + self._sigma[:, None] * normals).clamp_(-1, 1)
        return torch.where(torch.from_numpy(self._gaussian)[:, None], drawn, steered)

    def _finish(self, ended: np.ndarray, success: np.ndarray) -> None:
        if not len(ended):
            return
        self.episodes += len(ended)
        self.gaussian.add(success[ended[self._gaussian[ended]]])
        self.steered.add(success[ended[~self._gaussian[ended]]])
        self._sigma[ended] = self._draw_sigma()[ended]
        self._reward.reset(ended)
        self._env.reset(self._seeds.draw(len(ended)), ended)

    def _draw_sigma(self) -> Tensor:
        low, high = self._params.sigma_min, self._params.sigma_max
        return low + (high - low) * torch.rand(self._env.num_envs, generator=self._generator)

    def state(self) -> tuple[dict[str, Tensor | np.ndarray], dict[str, Any]]:
        """Tensors and JSON values to continue from, the environments' state included."""
        env = self._env.state().items()
        tensors: dict[str, Tensor | np.ndarray] = {f"{_ENV}{name}": value for name, value in env}
        tensors |= {
            "sigma": self._sigma,
            "streak": self._reward.streak,
            "achieved": self._reward.achieved,
            "random": self._generator.get_state(),
        }
        counters = {"seeds_drawn": self._seeds.drawn, "episodes": self.episodes}
        return tensors, counters | {"steered": self.steered.state(), "gaussian": self.gaussian.state()}

    def restore(self, tensors: dict[str, Tensor], counters: dict[str, Any]) -> None:
        """Continue exactly from `state`."""
        env = {name: value.numpy() for name, value in tensors.items() if name.startswith(_ENV)}
        self._env.restore({name.removeprefix(_ENV): value for name, value in env.items()})
        self._sigma = tensors["sigma"]
        self._reward.streak, self._reward.achieved = tensors["streak"].numpy(), tensors["achieved"].numpy()
        self._generator.set_state(tensors["random"])
        self._seeds.drawn, self.episodes = counters["seeds_drawn"], counters["episodes"]
        self.steered.restore(counters["steered"])
        self.gaussian.restore(counters["gaussian"])
