"""Skills plan what they say, for every environment as if it were alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertgen.benchmarks import TASKS
from expertgen.env import WORKSPACE
from expertgen.errors import UnknownName
from expertgen.geometry import rotation_from_6d, rotation_to_6d
from expertgen.params import ScriptParams, load_params
from expertgen.skills import (
    Planner,
    close_gripper,
    get_object_initial_position,
    get_object_position,
    move_to,
    open_gripper,
    pick,
)

PARAMS = load_params(Path(__file__).resolve().parents[2] / "params.yaml").script
CONTROL_DT = 0.1
TOOL = np.array([0.45, 0.0, 0.30])
TASK = TASKS["lift_banana"]


def planner(seeds: list[int], params: ScriptParams = PARAMS) -> Planner:
    objects = np.stack([TASK.reset_distribution(np.random.default_rng(s)).objects for s in seeds])
    scale = np.array([params.position_noise, params.position_noise, params.yaw_noise])
    noise = scale * np.stack([np.random.default_rng([s, 1]).standard_normal(3) for s in seeds])
    count = len(seeds)
    return Planner(np.tile(TOOL, (count, 1)), np.zeros(count), objects, noise, params, CONTROL_DT)


def test_the_script_planned_for_many_is_the_script_planned_for_each() -> None:
    seeds = list(range(12))
    batch = planner(seeds)
    TASK.script(batch)
    for seed, expected in zip(seeds, batch.actions(80), strict=True):
        single = planner([seed])
        TASK.script(single)
        np.testing.assert_array_equal(single.actions(80)[0], expected)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 2**31), min_size=1, max_size=4))
def test_plans_stay_in_the_workspace_and_are_rotations(seeds: list[int]) -> None:
    env = planner(seeds, dataclasses.replace(PARAMS, position_noise=0.02))
    TASK.script(env)
    actions = env.actions(64)
    assert actions.shape == (len(seeds), 64, 10)
    assert (actions[..., :3] >= WORKSPACE[0]).all() and (actions[..., :3] <= WORKSPACE[1]).all()
    rotation = rotation_from_6d(actions[..., 3:9])
    np.testing.assert_allclose(rotation_to_6d(rotation), actions[..., 3:9], atol=1e-9)
    np.testing.assert_allclose(rotation[..., 2, 2], -1, atol=1e-9, err_msg="the tool points down")
    assert set(np.unique(actions[..., 9])) <= {-1.0, 1.0}


def test_no_motion_is_faster_than_asked_or_ends_elsewhere() -> None:
    env = planner([0, 1, 2])
    goal = np.array([[0.5, 0.1, 0.2], [0.45, 0.0, 0.30], [0.6, -0.3, 0.05]])
    move_to(env, goal)
    actions = env.actions(30)
    path = np.concatenate([np.tile(TOOL, (3, 1, 1)), actions[..., :3]], axis=1)
    assert np.linalg.norm(np.diff(path, axis=1), axis=-1).max() <= PARAMS.speed * CONTROL_DT + 1e-9
    np.testing.assert_allclose(actions[:, -1, :3], goal, atol=1e-12)
    np.testing.assert_array_equal(actions[..., 9], -1)


def test_pick_comes_from_above_open_and_leaves_closed() -> None:
    env = planner(list(range(8)))
    pick(env, 1)
    actions = env.actions(80)
    for i, plan in enumerate(actions):
        closing = int(np.argmax(plan[:, 9] > 0))
        lowest = plan[:, 2].min()
        assert lowest == pytest.approx(plan[closing, 2])
        assert (plan[closing:, 9] > 0).all() and (plan[:closing, 9] < 0).all()
        assert plan[-1, 2] == pytest.approx(lowest + PARAMS.hover_height)
        aimed = env.objects[i, 0, :2] + env.noise[i, :2]
        assert np.linalg.norm(plan[closing, :2] - aimed) == pytest.approx(abs(PARAMS.aim_offset), abs=1e-9)


def test_the_wrist_turns_no_further_than_the_limit() -> None:
    env = planner(list(range(40)), dataclasses.replace(PARAMS, yaw_limit=0.3))
    pick(env, 1)
    rotation = rotation_from_6d(env.actions(80)[..., 3:9])
    yaw = np.arctan2(rotation[..., 1, 0], rotation[..., 0, 0])
    assert np.abs(yaw).max() == pytest.approx(0.3)


def test_gripper_skills_switch_and_wait_in_place() -> None:
    env = planner([0])
    close_gripper(env)
    open_gripper(env)
    move_to(env, np.tile(TOOL, (1, 1)), gripper_open=False)
    actions = env.actions(10)
    np.testing.assert_array_equal(actions[0, :, 9], 1.0)
    np.testing.assert_allclose(actions[0, :, :3], np.tile(TOOL, (10, 1)))


def test_a_plan_is_held_at_its_end_and_cut_at_the_length_asked_for() -> None:
    env = planner([0, 1])
    TASK.script(env)
    whole = env.actions(200)
    np.testing.assert_array_equal(whole[:, -1], whole[:, -50])
    again = planner([0, 1])
    TASK.script(again)
    np.testing.assert_array_equal(again.actions(5), whole[:, :5])


def test_queries_answer_for_known_objects_only() -> None:
    env = planner([0, 1])
    np.testing.assert_array_equal(get_object_initial_position(env, 1), env.objects[:, 0, :3])
    np.testing.assert_array_equal(get_object_position(env, 1), env.objects[:, 0, :3])
    for unknown in (0, 2):
        with pytest.raises(UnknownName, match=f"object id {unknown}.*1 to 1"):
            get_object_initial_position(env, unknown)
