from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from expertgen.errors import IncompatibleArtifact
from expertgen.learn.fasttd3 import FastTD3
from expertgen.learn.fasttd3_normaliser import RunningMoments
from expertgen.learn.replay import Replay

DIM, K = 6, 3


def filled_replay() -> Replay:
    """A bandit: reward 1, terminal, where the action is near the observation's first three columns."""
    generator = torch.Generator().manual_seed(0)
    replay = Replay(64, 32, DIM, K, 1, 0.98)
    for _ in range(64):
        observation = torch.rand(32, DIM, generator=generator) - 0.5
        action = torch.rand(32, K, generator=generator) * 2 - 1
        near = (action - observation[:, :K]).norm(dim=1) < 0.8
        done = torch.ones(32, dtype=torch.bool)
        replay.add(observation, action, near.float(), done, ~done, observation)
    return replay


def learner(params, seed: int = 0, **changes) -> FastTD3:
    return FastTD3(DIM, K, dataclasses.replace(params, **changes), None, "test", seed)


def same(a: FastTD3, b: FastTD3) -> bool:
    left, right = a.state(), b.state()
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize("loss", ["bce", "c51", "mse"])
@pytest.mark.parametrize("clipped_double", [True, False])
def test_the_actor_learns_where_reward_is(steer_params, loss, clipped_double):
    critic = dataclasses.replace(steer_params.critic, loss=loss, v_max=1.0)
    agent = learner(steer_params, critic=critic, clipped_double=clipped_double)
    probe = torch.rand(200, DIM, generator=torch.Generator().manual_seed(1)) - 0.5
    agent.see(probe)
    before = (agent.act(probe) - probe[:, :K]).norm(dim=1).mean()
    agent.learn(filled_replay(), 400)
    after = (agent.act(probe) - probe[:, :K]).norm(dim=1).mean()
    assert after < 0.6 * before


def test_the_actor_starts_near_the_mode_of_the_prior(steer_params):
    action = learner(steer_params).act(torch.randn(100, DIM))
    assert action.abs().max() < 0.05


def test_critic_only_updates_leave_the_actor_alone(steer_params):
    agent = learner(steer_params)
    before = {name: value.clone() for name, value in agent.actor.state_dict().items()}
    losses = agent.learn(filled_replay(), 6, with_actor=False)
    assert losses.actor_loss is None and losses.critic_loss > 0
    assert all(torch.equal(value, before[name]) for name, value in agent.actor.state_dict().items())


def test_actor_updates_leave_no_trace_in_the_critic(steer_params):
    every_other, never = learner(steer_params), learner(steer_params)
    replay = filled_replay()
    every_other.learn(replay, 2)  # the second critic update is followed by the actor's
    never.learn(replay, 2, with_actor=False)
    pairs = zip(every_other.critic.parameters(), never.critic.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_the_target_follows_the_critic_by_tau(steer_params):
    agent = learner(steer_params, tau=0.25)
    before = [p.clone() for p in agent.target.parameters()]
    agent.learn(filled_replay(), 1)
    for old, new, critic in zip(before, agent.target.parameters(), agent.critic.parameters(), strict=True):
        torch.testing.assert_close(new, old + 0.25 * (critic - old))


def test_equal_seeds_give_equal_learners_and_the_global_stream_is_untouched(steer_params):
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first, second, other = learner(steer_params), learner(steer_params), learner(steer_params, seed=1)
    for agent in (first, second, other):
        agent.learn(filled_replay(), 5)
    assert same(first, second) and not same(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_restored_learner_goes_on_exactly(steer_params):
    replay, original, restored = filled_replay(), learner(steer_params), learner(steer_params, seed=9)
    original.see(torch.randn(50, DIM))
    original.learn(replay, 7)
    restored.learn(replay, 2)  # whatever it was before is forgotten
    restored.restore({name: value.clone() for name, value in original.state().items()}, "here")
    assert same(original, restored)
    for agent in (original, restored):
        agent.see(torch.ones(4, DIM))
        agent.learn(replay, 7)
    assert same(original, restored)


def test_a_state_of_another_shape_is_refused(steer_params):
    state = learner(steer_params).state()
    wider = learner(steer_params, actor=dataclasses.replace(steer_params.actor, hidden=(65, 64)))
    with pytest.raises(IncompatibleArtifact, match="somewhere"):
        wider.restore(state, "somewhere")


def test_running_moments_agree_with_all_rows_at_once():
    normals = torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
    rows = normals * 3 + torch.tensor([100.0, 0, -5, 1e3])
    moments = RunningMoments(4)
    for part in rows.split((1, 99, 200)):
        moments.update(part)
    fixed = moments.normaliser()
    np.testing.assert_allclose(fixed.mean, rows.double().mean(0), rtol=1e-6)
    np.testing.assert_allclose(fixed.scale, rows.double().std(0, correction=0), rtol=1e-6)


def test_constant_columns_are_centred_not_scaled_and_outliers_clipped():
    moments = RunningMoments(2)
    moments.update(torch.tensor([[7.0, 0.0], [7.0, 1.0]]))
    fixed = moments.normaliser()
    standard = fixed.normalise(torch.tensor([[7.0, 0.5], [7.25, 1e6]]))
    torch.testing.assert_close(standard, torch.tensor([[0.0, 0.0], [0.25, 5.0]]))


def test_a_normaliser_stays_as_it_was_taken():
    moments = RunningMoments(1)
    moments.update(torch.tensor([[0.0], [2.0]]))
    fixed = moments.normaliser()
    moments.update(torch.tensor([[100.0]]))
    assert fixed.mean.item() == 1.0
