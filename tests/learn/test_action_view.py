"""Critics that judge decoded actions: what they are shown, and that learning with them works and resumes."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
import torch

from expertgen.params import NoiseParams
from expertgen.policies.action_view import ActionView
from expertgen.policies.noise_space import NoiseSpace
from expertgen.policies.relative import TOOL_FEATURES


class Differentiable:
    """The toy prior with a gradient, which the real one's `sample_differentiable` gives."""

    def __init__(self, prior) -> None:
        self._prior = prior
        self.horizon, self.action_dim, self.execute = prior.horizon, prior.action_dim, prior.execute

    def sample(self, observation, noise, steps=None):
        return self._prior.sample(observation, noise)

    sample_differentiable = sample

    def fingerprint(self):
        return self._prior.fingerprint()


def with_object(env):
    """The toy's goal, as an object with the base frame's rotation."""
    plain = env.observe

    def observe():
        seen = plain()
        seen[:, 25:27], seen[:, 31], seen[:, 35] = seen[:, 2:4], 1, 1
        return seen

    env.observe, env.benchmark = observe, SimpleNamespace(frames=(0,))
    return env


@pytest.fixture
def run(toy, steer_params):
    def make(seed=0, **changes):
        critic = dataclasses.replace(steer_params.critic, sees="actions")
        env = with_object(toy.Env(steer_params.num_envs))
        return toy.make(prior=Differentiable(toy.Prior()), env=env, seed=seed, critic=critic, object_features=True,
                        **changes)  # fmt: skip

    return make


def test_both_ways_of_decoding_agree_and_one_has_the_gradient(toy) -> None:
    space = NoiseSpace(NoiseParams("dct", 1, 2.0))
    view = ActionView(Differentiable(toy.Prior()), space, 53, (0,))
    seen, u = torch.rand(5, 53 + TOOL_FEATURES), torch.rand(5, space.dim, requires_grad=True)
    shown = view.differentiable(seen, u)
    assert shown.shape == (5, view.dim) and torch.equal(shown.detach(), view.of(seen, u))
    shown[:, 8:].sum().backward()
    assert u.grad is not None and u.grad[:, :2].abs().min() > 0


def test_the_replay_holds_what_the_critics_judge(run) -> None:
    steering = run()
    list(steering.run(64))
    stored = steering._replay.sample(16, torch.Generator().manual_seed(0))
    assert stored.action.shape == (16, steering._learner.judged_dim)
    assert steering._learner.judged_dim != steering.policy().noise_space.dim


def test_it_learns(run) -> None:
    steering = run(evaluate_every=10**6)
    *_, last = steering.run(3200)
    assert last.success is not None and last.success > last.gaussian_success + 0.2


def test_an_interrupted_run_equals_an_uninterrupted_one(run, tmp_path) -> None:
    whole, first, second = run(), run(), run()
    list(whole.run(1000))
    list(first.run(500))
    first.save_state(tmp_path / "state")
    second.load_state(tmp_path / "state")
    list(second.run(1000))
    left, right = whole._learner.state(), second._learner.state()
    assert all(torch.equal(left[name], right[name]) for name in left)
