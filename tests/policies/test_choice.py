"""The critics' choice among noises: the best is taken, the actor's stays unless another is better by the margin."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from expertgen.models.actor import Actor
from expertgen.models.critic import TwinCritic
from expertgen.params import ActorParams, ChoiceParams, CriticParams, NoiseParams
from expertgen.policies.choice import CriticChoice
from expertgen.policies.noise_space import NoiseSpace
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.steered import SteeredPolicy

SPACE = NoiseSpace(NoiseParams("dct", 1, 2.0))
CRITIC = CriticParams("noise", (16,), False, "bce", 2, 0.0, 1.0, 1e-3)


class Likes:
    """Twin critics whose log odds are the first coordinate of the noise."""

    def __call__(self, observation, action):
        return action[None, :, :1].expand(2, -1, -1)


class Prior:
    horizon, action_dim, execute = 16, 10, 8

    def sample(self, observation, noise, steps=None):
        return noise

    def fingerprint(self):
        return "a" * 64


def choice(candidates: int = 16, sigma: float = 0.2, margin: float = 0.0, critic=None) -> CriticChoice:
    params = ChoiceParams(candidates, sigma, margin)
    return CriticChoice(critic or Likes(), CRITIC, params, SPACE, None)


def test_the_candidate_that_the_critics_judge_best_is_taken() -> None:
    u, seen = torch.zeros(3, SPACE.dim), torch.zeros(3, 54)
    picked = choice().pick(seen, seen, u)
    assert picked.shape == u.shape and (picked[:, 0] > 0.5).all() and torch.equal(picked[0], picked[2])
    assert torch.equal(picked, choice().pick(seen, seen, u))


def test_the_actors_noise_stays_within_the_margin_and_where_it_is_alone() -> None:
    u, seen = torch.rand(3, SPACE.dim) - 0.5, torch.zeros(3, 54)
    assert torch.equal(choice(margin=1.0).pick(seen, seen, u), u)
    assert torch.equal(choice(candidates=1).pick(seen, seen, u), u)


@pytest.mark.parametrize("u", [-1.0, 1.0])
def test_candidates_stay_in_the_noise_space(u: float) -> None:
    seen = torch.zeros(2, 54)
    assert choice(sigma=3.0).pick(seen, seen, torch.full((2, SPACE.dim), u)).abs().max() <= 1


def test_a_saved_policy_chooses_as_before(tmp_path) -> None:
    generator = torch.Generator().manual_seed(0)
    shape = ActorParams((16,), True, 1e-3, 2, 0.0, 0.0)
    actor = Actor(54, SPACE.dim, shape, generator)
    critic = TwinCritic(54, SPACE.dim, 1, CRITIC, generator)
    normaliser = Normaliser(torch.zeros(54), torch.ones(54))
    policy = SteeredPolicy(Prior(), actor, shape, normaliser, SPACE, 64, (), choice(critic=critic))
    policy.save(tmp_path / "expert")
    loaded = SteeredPolicy.load(tmp_path / "expert", Prior())
    seen, elapsed = torch.randn(5, 53, generator=generator), np.arange(5) * 8
    assert torch.equal(loaded.noise(seen, elapsed), policy.noise(seen, elapsed))
    alone = SteeredPolicy(Prior(), actor, shape, normaliser, SPACE, 64)
    assert not torch.equal(loaded.noise(seen, elapsed), alone.noise(seen, elapsed))
