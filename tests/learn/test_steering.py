from __future__ import annotations

import dataclasses
import filecmp

import pytest
import torch

from expertgen.data.checkpoints import load_checkpoint
from expertgen.errors import IncompatibleArtifact, InvalidParameter, MissingInput


def go(steering, until: int) -> list:
    return list(steering.run(until))


def test_steering_makes_a_reliable_policy_of_a_poor_prior(toy, success_rate):
    assert success_rate(None) < 0.45  # Gaussian noise
    steering = toy.make()
    assert success_rate(steering.policy()) < 0.45  # at first: the prior's mode
    progress = go(steering, 3200)
    assert success_rate(steering.policy()) > 0.95
    assert progress[-1].success > progress[-1].gaussian_success + 0.2
    assert progress[-1].losses.q_mean > 0.5


def test_the_recipe_without_termination_learns_too(toy, success_rate, steer_params):
    steering = toy.make(
        reward=dataclasses.replace(steer_params.reward, terminate=False),
        timeout="bootstrap",
        critic=dataclasses.replace(steer_params.critic, loss="c51", v_max=10.0),
        gamma=0.9,
        n_step=2,
    )
    go(steering, 3200)
    assert success_rate(steering.policy()) > 0.8


@pytest.mark.parametrize("stop", [2, 9, 14])  # in the warm-up, at its end, between two rounds of updates
def test_an_interrupted_run_equals_an_uninterrupted_one_bit_for_bit(toy, tmp_path, stop):
    changes = {"warmup_steps": 9, "update_every": 3, "critic_warmup_updates": 5, "replay": 12, "n_step": 2}
    whole = toy.make(**changes)
    go(whole, 22 * 32)
    first, second = toy.make(**changes), toy.make(**changes)
    go(first, stop * 32)
    first.save_state(tmp_path / "state")
    second.load_state(tmp_path / "state")
    assert second.decisions == stop * 32
    go(second, 22 * 32)
    states = []
    for name, run in (("whole", whole), ("second", second)):
        run.save_state(tmp_path / name)
        states.append(load_checkpoint(tmp_path / name))
    (tensors, meta), (resumed, resumed_meta) = states
    assert tensors.keys() == resumed.keys()
    assert all(torch.equal(tensors[key], resumed[key]) for key in tensors)
    files = [tmp_path / name / "tensors.safetensors" for name in ("whole", "second")]
    assert filecmp.cmp(*files, shallow=False)
    for found in (meta, resumed_meta):
        found["counters"].pop("wall_time_s")
    assert meta == resumed_meta


def test_evaluations_make_the_learning_curve_and_change_nothing(toy, tmp_path, success_rate):
    calls = []

    def evaluate(policy):
        calls.append(policy)
        torch.rand(3)
        return {"success": success_rate(policy, 20)}

    watched, alone = toy.make(evaluate), toy.make()
    progress = go(watched, 1300)
    go(alone, 1300)
    assert [point["decisions"] for point in watched.curve] == [0, 640, 1280]
    assert all({"decisions", "wall_time_s", "success"} == set(point) for point in watched.curve)
    assert [p.evaluation for p in progress if p.evaluation] == watched.curve[1:]
    for name, run in (("watched", watched), ("alone", alone)):
        run.save_state(tmp_path / name)
    files = [tmp_path / name / "tensors.safetensors" for name in ("watched", "alone")]
    assert filecmp.cmp(*files, shallow=False)
    resumed = toy.make(evaluate)
    resumed.load_state(tmp_path / "watched")
    assert resumed.curve == watched.curve and len(calls) == 3


def test_a_policy_taken_out_does_not_learn_on(toy):
    steering = toy.make()
    go(steering, 10 * 32)
    policy, probe = steering.policy(), toy.Env(4)
    before = policy.noise(probe.observe(), probe.elapsed)
    go(steering, 14 * 32)
    assert torch.equal(policy.noise(probe.observe(), probe.elapsed), before)
    assert not torch.equal(steering.policy().noise(probe.observe(), probe.elapsed), before)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"gamma": 0.9}, "gamma"),
        ({"decisions": 6400}, "decisions"),  # the learning rates fall over it
        ({"seed": 1}, "seed"),
        ({"task": "other"}, "task"),
        ({"num_envs": 8}, "num_envs"),
    ],
)
def test_the_state_of_another_run_is_refused(toy, tmp_path, changes, named):
    toy.make().save_state(tmp_path / "state")
    with pytest.raises(IncompatibleArtifact, match=named):
        toy.make(**changes).load_state(tmp_path / "state")
    with pytest.raises(IncompatibleArtifact, match="prior"):
        toy.make(prior=toy.Prior(offset=0.1)).load_state(tmp_path / "state")
    with pytest.raises(MissingInput):
        toy.make().load_state(tmp_path / "nothing")


def test_the_two_atom_critic_needs_rewards_that_end_the_episode(toy, steer_params):
    with pytest.raises(InvalidParameter, match="terminate"):
        toy.make(reward=dataclasses.replace(steer_params.reward, terminate=False))
