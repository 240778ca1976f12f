"""Rotations: what the 6-D representation, logarithm and quaternions promise, on any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from expertgen.geometry import (
    quaternion_to_rotation,
    quaternion_z,
    rotation_from_6d,
    rotation_log,
    rotation_to_6d,
    rotation_to_quaternion,
    rotation_z,
    slide_distance,
    slide_pose,
    wrap_half_turn,
)

NUMBERS = st.floats(-1e3, 1e3)
ANGLES = st.floats(-10.0, 10.0)
AXES = arrays(np.float64, 3, elements=st.floats(-1, 1)).filter(lambda v: np.linalg.norm(v) > 0.1)
QUATERNIONS = arrays(np.float64, 4, elements=st.floats(-1, 1)).filter(lambda q: np.linalg.norm(q) > 0.1)

PLACES = arrays(np.float64, 3, elements=NUMBERS)
POSES = st.builds(lambda place, turn: np.concatenate([place, turn]), PLACES, QUATERNIONS)


def rotation_of(axis: np.ndarray, angle: float) -> np.ndarray:
    unit = axis / np.linalg.norm(axis)
    return quaternion_to_rotation(np.concatenate([[np.cos(angle / 2)], np.sin(angle / 2) * unit]))


def assert_rotation(rotation: np.ndarray) -> None:
    identity = np.broadcast_to(np.eye(3), rotation.shape)
    np.testing.assert_allclose(rotation @ rotation.swapaxes(-1, -2), identity, atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(rotation), 1.0, atol=1e-9)


@given(arrays(np.float64, (3, 6), elements=NUMBERS))
def test_any_six_numbers_give_a_proper_rotation(columns: np.ndarray) -> None:
    assert_rotation(rotation_from_6d(columns))


@pytest.mark.parametrize("columns", [[0] * 6, [1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0], [0, 2, 0, 0, -3, 0]])
def test_degenerate_columns_give_a_proper_rotation(columns: list) -> None:
    assert_rotation(rotation_from_6d(np.array(columns, dtype=float)))


@given(arrays(np.float64, 6, elements=NUMBERS).filter(lambda c: np.linalg.norm(c[:3]) > 1e-3))
def test_the_first_column_keeps_its_direction(columns: np.ndarray) -> None:
    np.testing.assert_allclose(rotation_from_6d(columns)[:, 0], columns[:3] / np.linalg.norm(columns[:3]), atol=1e-12)


@given(QUATERNIONS, st.floats(0.01, 100), st.floats(0.01, 100))
def test_six_numbers_round_trip_whatever_their_lengths(quaternion: np.ndarray, first: float, second: float) -> None:
    rotation = quaternion_to_rotation(quaternion)
    assert_rotation(rotation)
    lengths = np.repeat([first, second], 3)
    np.testing.assert_allclose(rotation_from_6d(rotation_to_6d(rotation) * lengths), rotation, atol=1e-9)


def test_six_numbers_are_the_first_two_columns() -> None:
    np.testing.assert_array_equal(rotation_to_6d(np.arange(9.0).reshape(3, 3)), [0, 3, 6, 1, 4, 7])


@given(AXES, st.floats(0, np.pi - 1e-3))
def test_log_is_axis_times_angle(axis: np.ndarray, angle: float) -> None:
    np.testing.assert_allclose(rotation_log(rotation_of(axis, angle)), angle * axis / np.linalg.norm(axis), atol=1e-7)


@given(AXES, st.floats(-1e-5, 1e-5))
def test_log_near_a_half_turn_still_gives_the_rotation_back(axis: np.ndarray, beyond: float) -> None:
    rotation = rotation_of(axis, np.pi + beyond)
    vector = rotation_log(rotation)
    assert np.linalg.norm(vector) <= np.pi + 1e-9
    np.testing.assert_allclose(rotation_of(vector, float(np.linalg.norm(vector))), rotation, atol=1e-8)


@given(arrays(np.float64, (4,), elements=ANGLES))
def test_a_batch_is_its_members(angles: np.ndarray) -> None:
    rotations = rotation_z(angles)
    assert_rotation(rotations)
    np.testing.assert_allclose(quaternion_to_rotation(quaternion_z(angles)), rotations, atol=1e-12)
    for angle, rotation in zip(angles, rotations, strict=True):
        np.testing.assert_array_equal(rotation_z(np.array(angle)), rotation)
    np.testing.assert_allclose(rotation_log(rotations), [rotation_log(r) for r in rotations], atol=1e-12)


@given(ANGLES)
def test_half_turn_wrapping_keeps_the_line(angle: float) -> None:
    wrapped = wrap_half_turn(np.array(angle))
    assert -np.pi / 2 <= wrapped <= np.pi / 2  # rounding may reach the open end
    np.testing.assert_allclose(np.sin(wrapped - angle), 0, atol=1e-9)


@given(QUATERNIONS)
def test_a_rotation_gives_its_quaternion_back_with_w_not_negative(quaternion: np.ndarray) -> None:
    rotation = quaternion_to_rotation(quaternion)
    found = rotation_to_quaternion(rotation)
    assert found[0] >= 0 and np.linalg.norm(found) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(quaternion_to_rotation(found), rotation, atol=1e-12)
    batch = rotation_to_quaternion(np.stack([rotation, np.eye(3)]))
    np.testing.assert_array_equal(batch, [found, [1, 0, 0, 0]])


@given(AXES, st.floats(-1e-9, 1e-9))
def test_a_half_turn_has_a_quaternion_too(axis: np.ndarray, beyond: float) -> None:
    rotation = rotation_of(axis, np.pi + beyond)
    np.testing.assert_allclose(quaternion_to_rotation(rotation_to_quaternion(rotation)), rotation, atol=1e-9)



@given(POSES, st.floats(-10, 10))
def test_what_slid_by_a_distance_is_that_far_along_and_turned_as_before(base: np.ndarray, distance: float) -> None:
    part = slide_pose(base, np.array(distance))
    assert slide_distance(base, part) == pytest.approx(distance, abs=1e-9)
    assert np.linalg.norm(part[:3] - base[:3]) == pytest.approx(abs(distance), abs=1e-9)
    np.testing.assert_array_equal(part[3:], base[3:])
    np.testing.assert_allclose(slide_pose(part, np.array(-distance)), base, atol=1e-9)


@given(POSES, st.floats(-10, 10), st.floats(-10, 10))
def test_what_moved_sideways_has_not_slid(base: np.ndarray, aside: float, up: float) -> None:
    moved = base.copy()
    moved[:3] += quaternion_to_rotation(base[3:]) @ np.array([0, aside, up])
    assert slide_distance(base, moved) == pytest.approx(0, abs=1e-9)


@given(arrays(np.float64, 4, elements=st.floats(-1, 1)), POSES)
def test_sliding_in_a_batch_is_sliding_each(distances: np.ndarray, base: np.ndarray) -> None:
    bases = np.stack([base] * 4)
    parts = slide_pose(bases, distances)
    np.testing.assert_array_equal(parts, [slide_pose(base, np.array(distance)) for distance in distances])
    np.testing.assert_allclose(slide_distance(bases, parts), distances, atol=1e-9)
