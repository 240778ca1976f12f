"""A toy to steer: reach a target, with a prior that aims beside it, differently for each target."""

from __future__ import annotations

import dataclasses
import hashlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from expertgen.learn.steering import Steering
from expertgen.params import ActorParams, ChoiceParams, CriticParams, NoiseParams, RewardParams, SteerParams

RADIUS = 0.045
PARAMS = SteerParams(
    noise=NoiseParams(basis="dct", vectors=1, bound=2.0),
    num_envs=32,
    decisions=1000,
    reward=RewardParams(hold_steps=3, terminate=True),
    timeout="terminal",
    time_feature=True,
    object_features=False,
    gamma=0.98,
    critic=CriticParams(sees="noise", hidden=(64, 64), layer_norm=True, loss="bce", atoms=21, v_min=0.0, v_max=2.0,
                        learning_rate=1e-3),
    actor=ActorParams(hidden=(64, 64), layer_norm=True, learning_rate=1e-3, every=2, noise_penalty=0.001, average=0.9),
    choice=ChoiceParams(candidates=4, sigma=0.2, margin=0.0),
    clipped_double=True,
    final_learning_rate=0.5,
    weight_decay=0.01,
    tau=0.02,
    batch_size=128,
    updates=8,
    update_every=1,
    n_step=1,
    replay=256,
    policy_noise=0.05,
    policy_noise_clip=0.2,
    sigma_min=0.05,
    sigma_max=0.4,
    gaussian_fraction=0.15,
    warmup_steps=10,
    critic_warmup_updates=100,
    evaluate_every=640,
    evaluate_episodes=64,
    checkpoint_every=640,
    num_threads=1,
)  # fmt: skip


class ToyEnv:
    """Points in a square that go half of the way to where they are sent at each control step."""

    observation_dim = 53
    execute = 8
    episode_steps = 16

    def __init__(self, num_envs: int) -> None:
        self.num_envs = num_envs
        self.elapsed = np.zeros(num_envs, dtype=np.int64)
        self.points, self.goals = np.zeros((num_envs, 2)), np.zeros((num_envs, 2))
        self.seeds_met: list[int] = []

    def reset(self, seeds, ids=None):
        ids = np.arange(self.num_envs) if ids is None else ids
        self.seeds_met += [int(seed) for seed in seeds]
        for i, seed in zip(ids, seeds, strict=True):
            start = np.random.default_rng(int(seed)).uniform(-1, 1, 4)
            self.points[i], self.goals[i], self.elapsed[i] = start[:2], start[2:], 0

    def observe(self):
        observation = np.zeros((self.num_envs, self.observation_dim), dtype=np.float32)
        observation[:, :2], observation[:, 2:4], observation[:, 15] = self.points, self.goals, 1
        return torch.from_numpy(observation)

    def step_chunk(self, chunk):
        success = []
        for action in chunk.numpy().swapaxes(0, 1):
            self.points += 0.5 * (action[:, :2] - self.points)
            success.append(np.linalg.norm(self.points - self.goals, axis=1) < RADIUS)
        self.elapsed += len(success)
        return SimpleNamespace(
            observation=self.observe(),
            success=torch.from_numpy(np.stack(success, 1)),
            healthy=torch.ones(self.num_envs, dtype=torch.bool),
        )

    def state(self):
        return {"elapsed": self.elapsed.copy(), "points": self.points.copy(), "goals": self.goals.copy()}

    def restore(self, state):
        self.elapsed, self.points, self.goals = (state[key].copy() for key in ("elapsed", "points", "goals"))


class ToyPrior:
    horizon, action_dim, execute = 16, 10, 8

    def __init__(self, offset: float = 0.06) -> None:
        self.offset = offset

    def sample(self, observation, noise, steps=None):
        goal = observation[:, 2:4]
        beside = self.offset * torch.stack(((3 * goal[:, 0]).cos(), (3 * goal[:, 1]).sin()), dim=1)
        chunk = torch.zeros(len(noise), self.horizon, self.action_dim)
        chunk[..., :2] = (goal + beside)[:, None] + 0.2 * noise[..., :2].mean(1, keepdim=True)
        return chunk

    def fingerprint(self):
        return hashlib.sha256(str(self.offset).encode()).hexdigest()


def success_rate(policy, episodes: int = 200) -> float:
    """The share of fresh starts that `policy` holds for 3 control steps; `policy` None: Gaussian noise."""
    env, prior, normals = ToyEnv(episodes), ToyPrior(), torch.Generator().manual_seed(0)
    env.reset(np.arange(episodes))
    held = np.zeros(episodes, dtype=bool)
    for _ in range(env.episode_steps // env.execute):
        observation = env.observe()
        if policy is None:
            chunk = prior.sample(observation, torch.randn(episodes, 16, 10, generator=normals))
        else:
            chunk = policy.act(observation, env.elapsed)
        success = env.step_chunk(chunk[:, : env.execute]).success.numpy()
        held |= (success[:, 2:] & success[:, 1:-1] & success[:, :-2]).any(1)
    return float(held.mean())


@pytest.fixture
def steer_params() -> SteerParams:
    return PARAMS


@pytest.fixture(name="success_rate")
def success_rate_fixture():
    return success_rate


@pytest.fixture
def toy():
    """make(evaluate=, prior=, env=, seed=, task=, **changed parameters) -> Steering; Env and Prior."""

    def make(evaluate=None, prior=None, env=None, seed=0, task="toy", **changes) -> Steering:
        params = dataclasses.replace(PARAMS, **changes)
        return Steering(env or ToyEnv(params.num_envs), prior or ToyPrior(), params, task, seed, evaluate)

    return SimpleNamespace(make=make, Env=ToyEnv, Prior=ToyPrior)
