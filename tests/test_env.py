"""The environment: starts, chunks and states, all reproducible."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from expertgen.benchmarks.observation import EE_POSITION_COLUMNS, OBSERVATION_DIM
from expertgen.env import WORKSPACE, Env
from expertgen.geometry import rotation_from_6d
from expertgen.make_env import make_env
from expertgen.params import load_params
from expertgen.skills.planner import tool_actions

PARAMS = load_params(Path(__file__).resolve().parents[1] / "params.yaml").simulation


def env_of(num_envs: int = 4) -> Env:
    return make_env("lift_banana", PARAMS, num_envs, 8)


def chunk(num_envs: int, steps: int = 8, seed: int = 0) -> torch.Tensor:
    """Random walks of the tool above and onto the table, with a gripper that switches."""
    generator = np.random.default_rng(seed)
    walk = np.array([0.5, 0.0, 0.12]) + np.cumsum(generator.normal(0, 0.02, (num_envs, steps, 3)), axis=1)
    yaw = np.cumsum(generator.normal(0, 0.1, (num_envs, steps)), axis=1)
    actions = tool_actions(walk, yaw, np.where(generator.random((num_envs, steps)) < 0.5, 1.0, -1.0))
    return torch.from_numpy(actions.astype(np.float32))


def test_a_seed_is_a_start_in_any_environment_batch_and_order() -> None:
    env, other = env_of(4), env_of(2)
    env.reset(np.array([5, 6, 7, 8]))
    other.reset(np.array([8, 5]))
    np.testing.assert_array_equal(other.observe()[0], env.observe()[3])
    np.testing.assert_array_equal(other.observe()[1], env.observe()[0])
    env.reset(np.array([8]), ids=np.array([0]))
    np.testing.assert_array_equal(env.observe()[0], env.observe()[3])
    actions = chunk(1).expand(4, -1, -1)
    after = env.step_chunk(actions).observation
    np.testing.assert_array_equal(after[0], after[3])


def test_a_partial_reset_leaves_the_others_alone() -> None:
    env = env_of(3)
    env.reset(np.arange(3))
    env.step_chunk(chunk(3))
    before = env.observe()
    env.reset(np.array([77]), ids=np.array([1]))
    after = env.observe()
    assert env.elapsed.tolist() == [8, 0, 8]
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
    assert not torch.equal(after[1], before[1])
    env.reset(np.array([], dtype=np.int64), ids=np.array([], dtype=np.int64))
    np.testing.assert_array_equal(env.observe(), after)


def test_restored_state_continues_bit_for_bit_in_another_environment() -> None:
    env, other = env_of(), env_of()
    env.reset(np.arange(4))
    env.step_chunk(chunk(4))
    env.reset(np.array([9]), ids=np.array([2]))
    saved = env.state()
    assert all(len(value) == 4 for value in saved.values())
    copy = {name: value.copy() for name, value in saved.items()}
    results = [env.step_chunk(chunk(4, seed=s)) for s in (1, 2)]
    for name, value in copy.items():
        np.testing.assert_array_equal(saved[name], value, err_msg=f"{name} is a copy")
    other.restore(saved)
    again = [other.step_chunk(chunk(4, seed=s)) for s in (1, 2)]
    for first, second in zip(results, again, strict=True):
        for field in dataclasses.fields(first):
            np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name), err_msg=field.name)
    for name, value in env.state().items():
        np.testing.assert_array_equal(value, other.state()[name], err_msg=name)


def test_success_is_being_twenty_centimetres_or_more_above_the_start() -> None:
    success = env_of(1).benchmark.success
    start = np.zeros((3, 1, 7))
    start[:, 0, 2] = 0.25
    gained = np.array([[0.0, 0.2], [0.1999999, 0.0], [0.3, -0.3]])
    objects = np.zeros((3, 2, 1, 7))
    objects[:, :, 0, 2] = 0.25 + gained  # 0.25 + 0.2 - 0.25 is 0.2 to the last bit
    assert success(objects, start).tolist() == [[False, True], [False, False], [True, False]]
    objects[..., :2] = 5.0
    assert success(objects, start).any(), "wherever it is carried"


def test_a_carried_banana_is_judged_against_where_it_lay() -> None:
    env = env_of(2)
    env.reset(np.arange(2))
    np.testing.assert_allclose(env.start_objects[:, 0, 2], env.simulator.state().objects[:, 0, 2])
    start = env.start_objects.copy()
    result = env.step_chunk(chunk(2))
    assert not result.success.any()
    np.testing.assert_array_equal(env.start_objects, start)
    assert result.success.shape == (2, 8) and result.success.dtype == torch.bool


def test_observation_is_the_state_after_the_chunk() -> None:
    env = env_of()
    env.reset(np.arange(4))
    result = env.step_chunk(chunk(4))
    observation = result.observation
    assert observation.shape == (4, OBSERVATION_DIM) and observation.dtype == torch.float32
    assert env.observation_dim == OBSERVATION_DIM
    np.testing.assert_array_equal(observation, env.observe())
    np.testing.assert_allclose(observation[:, 16:23], result.joints[:, -1], atol=1e-6)
    np.testing.assert_allclose(observation[:, 23:25], result.fingers[:, -1], atol=1e-6)
    np.testing.assert_allclose(observation[:, 25:28], result.objects[:, -1, 0, :3], atol=1e-6)


def test_the_tool_goes_where_actions_say() -> None:
    env = env_of(2)
    env.reset(np.arange(2))
    goal = torch.from_numpy(tool_actions(np.full((2, 20, 3), [0.5, 0.05, 0.25]), np.full((2, 20), 0.4), 1.0))
    observation = env.step_chunk(goal.float()).observation
    np.testing.assert_allclose(observation[:, EE_POSITION_COLUMNS], [[0.5, 0.05, 0.25]] * 2, atol=2e-3)
    rotation = observation[:, :16].reshape(2, 4, 4)[:, :3, :3]
    np.testing.assert_allclose(rotation, rotation_from_6d(goal[:, -1, 3:9].numpy()), atol=5e-3)
    assert observation[:, 23:25].max() < 0.002, "+1 closes"


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e6, 1e30])
def test_wild_actions_stay_in_the_workspace_and_break_nothing(value: float) -> None:
    env = env_of(2)
    env.reset(np.arange(2))
    actions = chunk(2, steps=16)
    actions[1] = value
    result = env.step_chunk(actions)
    assert result.healthy.all()
    tool = env.kinematics.forward(result.joints[1])[0]
    assert (tool >= WORKSPACE[0] - 0.05).all() and (tool <= WORKSPACE[1] + 0.05).all()
    untouched = env_of(2)
    untouched.reset(np.arange(2))
    np.testing.assert_array_equal(untouched.step_chunk(chunk(2, steps=16)).observation[0], result.observation[0])


def test_an_unhealthy_environment_is_no_success() -> None:
    env = env_of(2)
    env.reset(np.arange(2))
    saved = env.state()
    env.start_objects[:, 0, 2] -= 1.0  # everything would count as lifted
    assert env.step_chunk(chunk(2)).success.all()
    saved["state"][1] = np.nan
    env.restore(saved)
    env.start_objects[:, 0, 2] -= 1.0
    result = env.step_chunk(chunk(2))
    assert result.healthy.tolist() == [True, False]
    assert result.success[0].all() and not result.success[1].any()
