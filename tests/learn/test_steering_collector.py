from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from expertgen.learn.fasttd3 import FastTD3
from expertgen.learn.replay import Replay
from expertgen.learn.steering_collector import Collector
from expertgen.policies.noise_space import NoiseSpace


class Recording(Replay):
    """A buffer that also keeps what it was given."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.added = []

    def add(self, *transition):
        self.added.append([part.clone() for part in transition])
        super().add(*transition)


@pytest.fixture
def collect(toy, steer_params):
    """collect(steps, env=, random=, **changes) -> what was stored, and the noise that reached the prior."""

    def run(steps, env=None, random=False, **changes):
        params = dataclasses.replace(steer_params, **changes)
        env, prior, noises = env or toy.Env(params.num_envs), toy.Prior(), []
        inner = prior.sample
        prior.sample = lambda observation, noise: noises.append(noise) or inner(observation, noise)
        space = NoiseSpace(params.noise)
        dim = env.observation_dim + params.time_feature
        replay = Recording(steps, env.num_envs, dim, space.dim, 1, params.gamma)
        learner = FastTD3(dim, space.dim, params, None, "collector")
        collector = Collector(env, prior, space, params, None, 0, "toy", 0)
        for _ in range(steps):
            collector.step(learner, replay, random)
        return SimpleNamespace(added=replay.added, noises=noises, collector=collector, env=env, space=space)

    return run


def test_stored_actions_are_clamped_and_are_the_noise_that_was_used(collect):
    run = collect(3, sigma_min=5.0, sigma_max=5.0)
    for (_, action, *_), noise in zip(run.added, run.noises, strict=True):
        assert action.abs().max() == 1
        assert torch.equal(run.space.to_noise(action), noise)


def test_gaussian_environments_ignore_the_actor_and_the_others_follow_it(collect):
    run = collect(20, gaussian_fraction=0.25, sigma_min=0.0, sigma_max=0.0)
    actions = torch.stack([action for _, action, *_ in run.added])
    assert actions[:, :8].std() == pytest.approx(0.5, abs=0.05)  # N(0, 1) over the bound of 2
    assert actions[:, 8:].abs().max() < 0.05
    everywhere = collect(20, random=True, gaussian_fraction=0.0, sigma_max=0.05)
    assert torch.stack([action for _, action, *_ in everywhere.added]).std() == pytest.approx(0.5, abs=0.05)


def test_sigma_differs_between_environments_and_is_redrawn_with_the_episode(collect, steer_params):
    full = dataclasses.replace(steer_params.noise, basis="full")  # 160 dimensions show sigma in one step
    run = collect(60, noise=full, gaussian_fraction=0.0, sigma_min=0.02, sigma_max=0.3, num_envs=4)
    spread = torch.stack([action for _, action, *_ in run.added]).std(-1)
    ended = torch.stack([terminal | truncated for _, _, _, terminal, truncated, _ in run.added])[:-1]
    change = (spread[1:] / spread[:-1]).log().abs()
    assert change[~ended].max() < 0.4
    assert change[ended].median() > 0.4
    assert spread[0].max() > 1.5 * spread[0].min()


def test_the_next_observation_of_a_finished_episode_is_its_own_last_one(collect):
    run = collect(4, random=True)
    for (_, _, _, terminal, truncated, following), later in zip(run.added, run.added[1:], strict=False):
        ended, seen_later = terminal | truncated, later[0]
        assert torch.equal(following[~ended], seen_later[~ended])
        goals_differ = (following[ended, 2:4] != seen_later[ended, 2:4]).any(1)
        assert goals_differ.all()
    assert any((t | c).any() for _, _, _, t, c, _ in run.added)


def test_time_runs_from_minus_one_to_one(collect, steer_params):
    reward = dataclasses.replace(steer_params.reward, hold_steps=16)
    run = collect(2, random=True, reward=reward)
    assert [float(seen[0, -1]) for seen, *_ in run.added] == [-1.0, 0.0]
    assert float(run.added[1][-1][0, -1]) == 1.0
    assert run.added[0][0].shape[1] == 54 and collect(1, time_feature=False).added[0][0].shape[1] == 53


@pytest.mark.parametrize("timeout", ["terminal", "bootstrap"])
def test_time_out_is_stored_as_chosen_and_starts_a_fresh_episode(collect, steer_params, timeout):
    reward = dataclasses.replace(steer_params.reward, hold_steps=16)
    run = collect(2, random=True, reward=reward, timeout=timeout)
    _, _, _, terminal, truncated, _ = run.added[1]
    assert terminal.all() == (timeout == "terminal") and truncated.all() == (timeout == "bootstrap")
    assert (run.env.elapsed == 0).all() and run.collector.episodes == run.env.num_envs


def test_episodes_are_counted_by_how_they_explore(collect):
    run = collect(40, gaussian_fraction=0.5, sigma_min=0.0, sigma_max=0.0)
    gaussian, steered = run.collector.gaussian.share(), run.collector.steered.share()
    assert 0.2 < gaussian < 0.7 and 0.2 < steered < 0.7


def test_a_diverged_environment_is_terminal_and_leaves_no_nan(collect, toy):
    class Diverging(toy.Env):
        def step_chunk(self, chunk):
            result = super().step_chunk(chunk)
            result.healthy[0], result.observation[0] = False, float("nan")
            return result

    run = collect(3, env=Diverging(32), random=True)
    for _, _, reward, terminal, truncated, following in run.added:
        assert reward[0] == 0 and terminal[0] and not truncated[0]
        assert following.isfinite().all()


def test_no_start_is_met_twice_and_none_belongs_to_evaluation(collect):
    met = np.array(collect(30, random=True).env.seeds_met)
    assert len(set(met.tolist())) == len(met) > 32
    assert met.min() >= 1_000_000_000
