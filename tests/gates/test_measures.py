"""What gates measure of an episode, where a whole store would not show it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from expertgen.benchmarks import TASKS
from expertgen.gates.measure_frames import frozen_travel
from expertgen.gates.measure_success import success_columns
from expertgen.gates.poses import poses
from expertgen.gates.recording import Recording
from expertgen.geometry import quaternion_to_rotation, rotation_to_6d

STEPS = 6


@pytest.fixture
def lifted() -> Recording:
    """A banana that is lifted by 5 cm a step, from the tabletop at the start to 25 cm before the last step."""
    seen = np.zeros((STEPS, 1, 9))
    seen[:, 0, 2] = 0.017 + 0.05 * np.arange(STEPS)
    seen[:, 0, 3], seen[:, 0, 7] = 1, 1
    success = np.arange(STEPS) >= 3  # after the fourth step it is 20 cm up
    start = np.array([[0, 0, 0.017, 1, 0, 0, 0]])
    return Recording(
        seed=0, healthy=True, tool=np.tile(np.eye(4), (STEPS, 1, 1)), seen_joints=np.zeros((STEPS, 7)),
        seen_objects=seen, action=np.zeros((STEPS, 10)), joints=np.zeros((STEPS, 7)), success=success, objects=None,
        start_objects=start, success_any=True, success_end=True, frames={}, stored={},
    )


def wrong_steps(episode: Recording) -> float:
    return success_columns(episode, TASKS["lift_banana"].success)["success_wrong_steps"]


def test_at_the_mark_either_answer_is_right_and_one_step_further_only_one(lifted: Recording) -> None:
    assert wrong_steps(lifted) == 0
    at_the_mark = lifted.success.copy()
    at_the_mark[3] = False
    assert wrong_steps(dataclasses.replace(lifted, success=at_the_mark)) == 0
    beyond = lifted.success.copy()
    beyond[4] = False
    assert wrong_steps(dataclasses.replace(lifted, success=beyond)) == 1


def test_the_last_step_is_recomputed_only_from_recorded_objects(lifted: Recording) -> None:
    lost = lifted.success.copy()
    lost[-1] = False
    episode = dataclasses.replace(lifted, success=lost)
    assert wrong_steps(episode) == 0
    after = np.concatenate([poses(lifted.seen_objects)[1:], poses(lifted.seen_objects)[-1:]])
    assert wrong_steps(dataclasses.replace(episode, objects=after)) == 1


def test_objects_that_no_observation_holds_are_not_measured(lifted: Recording) -> None:
    more = np.concatenate([lifted.start_objects, lifted.start_objects])
    assert np.isnan(wrong_steps(dataclasses.replace(lifted, start_objects=more)))


def test_poses_are_those_whose_columns_were_observed() -> None:
    quaternions = np.random.default_rng(0).normal(size=(200, 4))
    quaternions[:3] = np.eye(4)[1:]  # half turns
    rotation = quaternion_to_rotation(quaternions)
    found = poses(np.concatenate([np.zeros((200, 3)), rotation_to_6d(rotation)], axis=-1))
    np.testing.assert_allclose(quaternion_to_rotation(found[:, 3:]), rotation, atol=1e-12)
    assert (found[:, 3] >= 0).all()


def test_movement_adds_up_while_the_image_stands_still() -> None:
    frames = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((6, 4, 4, 3), np.uint8)
    joints = np.cumsum(np.full((6, 7), 0.01), axis=0)
    assert frozen_travel(frames, joints) == 0
    frames[2:5] = frames[1]
    assert frozen_travel(frames, joints) == pytest.approx(0.03)
