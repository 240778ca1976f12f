"""What each skill means, and that a batch is its environments one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from expertgen.errors import UnknownName
from expertgen.geometry import quaternion_to_rotation, quaternion_z, rotation_from_6d, slide_pose
from expertgen.params import ScriptParams, load_params
from expertgen.scenes.cabinet import DRAWER_CENTRE, HANDLE, TRAVEL
from expertgen.skills import (
    Planner,
    close_gripper,
    get_articulated_obj_part_pos,
    get_object_initial_position,
    get_object_position,
    make_a_tensor,
    move_to,
    open_drawer,
    open_gripper,
    pick,
    place,
    push_or_pull_object_to_xy,
)
from expertgen.skills.contact import CONTACT, MIDDLE, PUSH_HEIGHT, within_reach
from expertgen.skills.motions import GRIP_STEPS, SETTLE_STEPS

PARAMS = load_params(Path(__file__).resolve().parents[2] / "params.yaml").script
EXACT = dataclasses.replace(PARAMS, aim_offset=0.0, yaw_limit=np.pi)
CONTROL_DT = 0.1
COUNT, STEPS = 5, 160
CABINET, FRUIT = 1, 2  # ids: an articulated object comes before those that are free

generator = np.random.default_rng(3)
TOOL = np.array([0.45, 0.0, 0.30]) + generator.uniform(-0.05, 0.05, (COUNT, 3))
YAW = generator.uniform(-0.5, 0.5, COUNT)
NOISE = generator.normal(0, 0.02, (COUNT, 3))
TARGET = torch.from_numpy(generator.uniform([0.35, -0.2, 0.05], [0.55, 0.2, 0.2], (COUNT, 3)))


def poses(x: float, height: float) -> np.ndarray:
    places = generator.uniform([x, -0.2], [x + 0.1, 0.2], (COUNT, 2))
    turns = quaternion_z(generator.uniform(-3, 3, COUNT))
    return np.concatenate([places, np.full((COUNT, 1), height), turns], -1)


BASE, FREE = poses(0.6, 0.186), poses(0.35, 0.03)
OBJECTS = np.stack([FREE, BASE, BASE], axis=1)


def planner(
    rows: slice = slice(None), params: ScriptParams = PARAMS, noise: np.ndarray = NOISE, articulated: bool = True
) -> Planner:
    objects = OBJECTS if articulated else OBJECTS[:, :1]
    return Planner(TOOL[rows], YAW[rows], objects[rows], noise[rows], params, CONTROL_DT, articulated)


Skill = Callable[[Planner, torch.Tensor], Any]
SKILLS: dict[str, Skill] = {
    "pick": lambda env, at: pick(env, FRUIT),
    "place": lambda env, at: place(env, at),
    "move_to": lambda env, at: move_to(env, at, target_orientation=at[:, 1], gripper_open=False),
    "open_gripper": lambda env, at: open_gripper(env),
    "close_gripper": lambda env, at: close_gripper(env),
    "open_drawer": lambda env, at: open_drawer(env, CABINET, reset_after_open=True),
    "push_or_pull_object_to_xy": lambda env, at: push_or_pull_object_to_xy(env, FRUIT, at[:, :2]),
    "get_object_position": lambda env, at: get_object_position(env, FRUIT),
    "get_object_initial_position": lambda env, at: get_object_initial_position(env, CABINET),
    "get_articulated_obj_part_pos": lambda env, at: get_articulated_obj_part_pos(env, CABINET, "upper_drawer"),
    "make_a_tensor": lambda env, at: make_a_tensor(env, (0.4, 0.1, 0.2)),
}


@pytest.mark.parametrize("skill", SKILLS.values(), ids=SKILLS)
def test_a_row_of_a_batch_is_that_environment_alone(skill: Skill) -> None:
    batch = planner()
    answers = skill(batch, TARGET)
    plans = batch.actions(STEPS)
    for row in range(COUNT):
        rows = slice(row, row + 1)
        alone = planner(rows)
        answer = skill(alone, TARGET[rows])
        np.testing.assert_array_equal(alone.actions(STEPS)[0], plans[row])
        if answers is not None:
            assert answers.shape[0] == COUNT and torch.equal(answer, answers[rows])


def held(env: Planner) -> tuple[np.ndarray, np.ndarray]:
    """The tool's positions (B, STEPS, 3) and the gripper's commands (B, STEPS)."""
    actions = env.actions(STEPS)
    return actions[..., :3], actions[..., 9]


def test_pick_grasps_across_the_short_side_of_what_it_sees() -> None:
    env = planner(params=EXACT, noise=np.zeros((COUNT, 3)))
    pick(env, FRUIT)
    actions = env.actions(STEPS)
    closing = (actions[..., 9] > 0).argmax(1)
    for row, step in enumerate(closing):
        np.testing.assert_allclose(actions[row, step, :3], FREE[row, :3], atol=1e-12)
        fingers = rotation_from_6d(actions[row, step, 3:9])[:, 1]  # they close along the tool's y
        long_side = quaternion_to_rotation(FREE[row, 3:])[:, 0]
        assert abs(fingers @ long_side) < 1e-9
        closing_height = actions[row, step : step + GRIP_STEPS, 2]
        assert (closing_height == closing_height[0]).all(), "time for the fingers to close"


def test_place_lets_go_above_the_target_and_leaves_upward() -> None:
    env, target = planner(), TARGET.clone()
    close_gripper(env)
    place(env, target)
    position, gripper = held(env)
    assert torch.equal(target, TARGET), "what the program gave is its own"
    release = TARGET.numpy() + np.array([0, 0, PARAMS.place_height])
    for row, step in enumerate((gripper < 0).argmax(1)):
        assert (gripper[row, :step] > 0).all() and (gripper[row, step:] < 0).all()
        for when in (step - 1, step):
            np.testing.assert_allclose(position[row, when], release[row], atol=1e-12)
        np.testing.assert_allclose(position[row, -1], release[row] + [0, 0, PARAMS.hover_height], atol=1e-12)
        above = position[row, :, 2] > release[row, 2] + 1e-9
        low = position[row, step - SETTLE_STEPS : step + GRIP_STEPS]
        np.testing.assert_allclose(low[:, :2], np.tile(release[row, :2], (len(low), 1)), atol=1e-12)
        assert above[-1]


def test_move_to_changes_only_what_it_is_told_to() -> None:
    env = planner()
    close_gripper(env)
    move_to(env, TARGET)
    actions = env.actions(STEPS)
    np.testing.assert_allclose(actions[:, -1, :3], TARGET.numpy(), atol=1e-12)
    assert (actions[..., 9] > 0).all(), "the gripper as it was"
    np.testing.assert_array_equal(env.yaw, YAW)
    env = planner()
    move_to(env, TARGET, target_orientation=TARGET[:, 1], gripper_open=False)
    actions = env.actions(STEPS)
    assert (actions[..., 9] > 0).all(), "from the motion's first step"
    tool_x = rotation_from_6d(actions[:, -1, 3:9])[:, :, 0]
    np.testing.assert_allclose(np.arctan2(tool_x[:, 1], tool_x[:, 0]), TARGET[:, 1].numpy(), atol=1e-9)


def test_opening_takes_no_time_and_closing_takes_the_fingers_time() -> None:
    env = planner()
    open_gripper(env)
    assert not any(env.plans)
    close_gripper(env)
    assert all(len(np.concatenate(plan)) == GRIP_STEPS for plan in env.plans)
    position, gripper = held(env)
    assert (gripper > 0).all()
    np.testing.assert_array_equal(position, np.repeat(TOOL[:, None], STEPS, 1))


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_open_drawer_pulls_along_the_base_by_its_share_of_the_travel(share: float) -> None:
    env = planner(params=dataclasses.replace(PARAMS, pull=share))
    open_drawer(env, CABINET)
    position, gripper = held(env)
    grasped = position[np.arange(COUNT), (gripper > 0).argmax(1)]
    np.testing.assert_allclose(grasped[:, :2], BASE[:, :2] + NOISE[:, :2], atol=1e-12)
    np.testing.assert_allclose(grasped[:, 2], BASE[:, 2], atol=1e-12)
    out = quaternion_to_rotation(BASE[:, 3:])[:, :, 0]
    np.testing.assert_allclose(position[:, -1] - grasped, share * TRAVEL * out, atol=1e-12)
    assert (gripper[:, -1] > 0).all(), "and holds it"


def test_open_drawer_grasps_along_the_way_it_slides_and_goes_back_over_it_when_told() -> None:
    env = planner(params=EXACT, noise=np.zeros((COUNT, 3)))
    open_drawer(env, CABINET, reset_after_open=True)
    actions = env.actions(STEPS)
    closing = (actions[..., 9] > 0).argmax(1)
    fingers = rotation_from_6d(actions[np.arange(COUNT), closing, 3:9])[:, :, 1]
    out = quaternion_to_rotation(BASE[:, 3:])[:, :, 0]
    np.testing.assert_allclose(np.abs((fingers * out).sum(-1)), 1, atol=1e-9)
    np.testing.assert_allclose(actions[:, -1, :3], TOOL, atol=1e-12)
    assert (actions[:, -1, 9] < 0).all()
    pulled = BASE[:, :3] + EXACT.pull * TRAVEL * out + [0, 0, EXACT.hover_height]
    nearest = np.linalg.norm(actions[..., :3] - pulled[:, None], axis=-1).min(1)
    np.testing.assert_allclose(nearest, 0, atol=1e-12, err_msg="up first, so as not to drag the drawer along")


def test_push_comes_from_the_far_side_and_goes_straight_to_the_target_with_closed_fingers() -> None:
    env = planner()
    push_or_pull_object_to_xy(env, FRUIT, TARGET[:, :2])
    position, gripper = held(env)
    assert (gripper > 0).all()
    seen, goal = FREE[:, :2] + NOISE[:, :2], TARGET[:, :2].numpy()
    way = (goal - seen) / np.linalg.norm(goal - seen, axis=-1, keepdims=True)
    low = position[..., 2] <= PUSH_HEIGHT + 1e-9
    for row in range(COUNT):
        along = (position[row, low[row], :2] - seen[row]) @ way[row]
        aside = (position[row, low[row], :2] - seen[row]) @ np.array([-way[row, 1], way[row, 0]])
        np.testing.assert_allclose(along[0], -CONTACT - PARAMS.push_run_up, atol=1e-9)
        np.testing.assert_allclose(along[-1], np.linalg.norm(goal[row] - seen[row]) - CONTACT, atol=1e-9)
        np.testing.assert_allclose(aside, 0, atol=1e-9)
        assert np.diff(along).max() <= PARAMS.push_speed * CONTROL_DT + 1e-9


def test_positions_are_the_objects_and_the_program_s_own() -> None:
    env = planner()
    for query in (get_object_initial_position, get_object_position):
        for number, expected in ((CABINET, BASE), (FRUIT, FREE)):
            answer = query(env, number)
            np.testing.assert_array_equal(answer, expected[:, :3])
            answer += 1.0
            np.testing.assert_array_equal(query(env, number), expected[:, :3])


def test_a_part_is_where_the_script_s_own_skill_has_moved_it() -> None:
    env = planner()
    out = quaternion_to_rotation(BASE[:, 3:])[:, :, 0]
    closed = get_articulated_obj_part_pos(env, CABINET, "upper_drawer").numpy()
    to_floor = DRAWER_CENTRE - HANDLE
    np.testing.assert_allclose(closed, BASE[:, :3] + quaternion_to_rotation(BASE[:, 3:]) @ to_floor, atol=1e-12)
    np.testing.assert_allclose(get_articulated_obj_part_pos(env, CABINET, "handle"), BASE[:, :3], atol=1e-12)
    open_drawer(env, CABINET)
    moved = get_articulated_obj_part_pos(env, CABINET, "upper_drawer").numpy() - closed
    np.testing.assert_allclose(moved, PARAMS.pull * TRAVEL * out, atol=1e-12)
    origin = get_articulated_obj_part_pos(env, CABINET, "upper_drawer", _use_bbox_center=False)
    np.testing.assert_allclose(origin, slide_pose(BASE, np.full(COUNT, PARAMS.pull * TRAVEL))[:, :3], atol=1e-12)


def test_a_tensor_has_a_row_of_its_own_for_each_environment() -> None:
    made = make_a_tensor(planner(), (0.45, 0.1))
    assert made.shape == (COUNT, 2) and made.dtype == torch.float64
    made[0] += 1
    np.testing.assert_array_equal(made[1:], np.tile([0.45, 0.1], (COUNT - 1, 1)))


@pytest.mark.parametrize("number", [-1, 0, 3])
@pytest.mark.parametrize("skill", ["pick", "push", "get_object_position", "get_object_initial_position"])
def test_an_object_that_is_not_there_is_refused_before_anything_is_planned(skill: str, number: int) -> None:
    calls: dict[str, Callable[[Planner], Any]] = {
        "pick": lambda env: pick(env, number),
        "push": lambda env: push_or_pull_object_to_xy(env, number, TARGET[:, :2]),
        "get_object_position": lambda env: get_object_position(env, number),
        "get_object_initial_position": lambda env: get_object_initial_position(env, number),
    }
    env = planner()
    with pytest.raises(UnknownName, match=rf"object id {number}, expected 1 to 2"):
        calls[skill](env)
    assert not any(env.plans)


def test_only_an_articulated_object_has_a_drawer_and_only_parts_that_it_has() -> None:
    env = planner()
    for call in (open_drawer, lambda env, number: get_articulated_obj_part_pos(env, number, "handle")):
        with pytest.raises(UnknownName, match=f"object {FRUIT} has no parts"):
            call(env, FRUIT)
        with pytest.raises(UnknownName, match="object 1 has no parts"):
            call(planner(articulated=False), 1)
    with pytest.raises(UnknownName, match="found part 'lid', expected one of"):
        get_articulated_obj_part_pos(env, CABINET, "lid")
    assert not any(env.plans)


def test_the_same_hand_is_held_where_the_wrist_has_room() -> None:
    yaw = np.linspace(-7, 7, 57)
    held = within_reach(yaw)
    np.testing.assert_allclose(np.sin(held - yaw), 0, atol=1e-12)  # whole half turns
    assert (np.abs(held - MIDDLE) <= np.pi / 2 + 1e-12).all()
