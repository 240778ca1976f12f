"""What the distance of two vectors means, on motions whose distance is known."""

from __future__ import annotations

import numpy as np
import pytest

from expertgen.geometry import quaternion_z
from expertgen.index.embedding import object_yaw, start_embedding, trajectory_embedding
from tests.index.made import Motion, lift

SHIFT = np.array([0.03, -0.04, 0.12])  # 0.13 m


def embedded(motion: Motion, moments: int = 32) -> np.ndarray:
    return trajectory_embedding(motion.tool, motion.finger, motion.object[:, None], moments)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one.astype(float) - other.astype(float)))


@pytest.mark.parametrize("moments", [2, 7, 32, 100])
def test_a_shifted_copy_is_as_far_away_as_it_was_shifted(moments: int) -> None:
    motion = lift()
    assert apart(embedded(motion, moments), embedded(motion.shifted(SHIFT), moments)) == pytest.approx(0.13, abs=1e-6)


def test_with_two_objects_too() -> None:
    motion = lift()
    both = np.stack([motion.object, motion.object + SHIFT], axis=1)
    one, other = (trajectory_embedding(motion.tool + s, motion.finger, both + s, 8) for s in (0 * SHIFT, SHIFT))
    assert len(one) == 8 * (4 + 3 * 2) and one.dtype == np.float32
    assert apart(one, other) == pytest.approx(0.13, abs=1e-6)


def test_the_object_alone_counts_for_half_of_the_square() -> None:
    motion = lift()
    moved = trajectory_embedding(motion.tool, motion.finger, (motion.object + SHIFT)[:, None], 32)
    assert apart(embedded(motion), moved) == pytest.approx(0.13 / np.sqrt(2), abs=1e-6)


def test_a_gripper_that_opens_wider_counts_by_how_far_each_finger_moved() -> None:
    motion = lift()
    wider = trajectory_embedding(motion.tool, motion.finger + 0.01, motion.object[:, None], 32)
    assert apart(embedded(motion), wider) == pytest.approx(0.01 / np.sqrt(2), abs=1e-6)


def test_the_length_of_an_episode_does_not_matter_but_when_things_happen_does() -> None:
    assert apart(embedded(lift(steps=31)), embedded(lift(steps=301))) < 0.002
    late = lift(steps=31)
    late = Motion(np.roll(late.tool, 4, axis=0), np.roll(late.object, 4, axis=0), np.roll(late.finger, 4))
    assert apart(embedded(lift(steps=31)), embedded(late)) > 0.05
    assert np.isfinite(embedded(lift(steps=1))).all()


def start(x: float, y: float, yaw: float) -> np.ndarray:
    return np.r_[x, y, 0.017, quaternion_z(np.array(yaw))][None]


@pytest.mark.parametrize("turn", [0.0, 0.5, np.pi, 2 * np.pi - 0.01])
def test_starts_are_apart_by_their_shift_and_by_their_turn_on_a_lever(turn: float) -> None:
    one, other = (start_embedding(pose, 0.05) for pose in (start(0.4, 0.1, 3.0), start(0.43, 0.06, 3.0 + turn)))
    assert apart(one, other) == pytest.approx(np.hypot(0.05, 0.1 * np.sin(turn / 2)), abs=1e-6)


def test_yaw_is_the_heading_of_the_x_axis() -> None:
    poses = np.concatenate([start(0.4, 0.1, yaw) for yaw in (-3.0, 0.0, 0.7)])
    np.testing.assert_allclose(object_yaw(poses), [-3.0, 0.0, 0.7], atol=1e-12)
