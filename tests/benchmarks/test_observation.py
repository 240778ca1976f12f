"""The layout of Table X."""

from __future__ import annotations

import numpy as np
import pytest

from expertgen.benchmarks.observation import EE_POSITION_COLUMNS, OBSERVATION_DIM, observe
from expertgen.geometry import quaternion_to_rotation, rotation_from_6d


def parts(count: int) -> tuple[np.ndarray, ...]:
    """Distinct numbers everywhere, for two environments with `count` objects."""
    generator = np.random.default_rng(0)
    rotation = quaternion_to_rotation(generator.normal(size=(2, 4)))
    quaternions = generator.normal(size=(2, count, 4))
    objects = np.concatenate(
        [generator.normal(size=(2, count, 3)), quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)], -1
    )
    position, joints, fingers = (generator.normal(size=(2, n)) for n in (3, 7, 2))
    return position, rotation, joints, fingers, objects


@pytest.mark.parametrize("count", [1, 2])
def test_columns_are_those_of_table_x(count: int) -> None:
    position, rotation, joints, fingers, objects = parts(count)
    seen = observe(position, rotation, joints, fingers, objects)
    assert seen.shape == (2, OBSERVATION_DIM)
    assert sum((16, 9, 6, 12, 3, 6, 1)) == OBSERVATION_DIM
    pose = seen[:, :16].reshape(2, 4, 4)
    np.testing.assert_array_equal(pose[:, :3, :3], rotation)
    np.testing.assert_array_equal(pose[:, :3, 3], position)
    np.testing.assert_array_equal(pose[:, 3], [[0, 0, 0, 1]] * 2)
    np.testing.assert_array_equal(seen[:, EE_POSITION_COLUMNS], position)
    np.testing.assert_array_equal(seen[:, 16:23], joints)
    np.testing.assert_array_equal(seen[:, 23:25], fingers)
    for i in range(count):
        np.testing.assert_array_equal(seen[:, 25 + 3 * i : 28 + 3 * i], objects[:, i, :3])
        expected = quaternion_to_rotation(objects[:, i, 3:])
        np.testing.assert_allclose(rotation_from_6d(seen[:, 31 + 6 * i : 37 + 6 * i]), expected, atol=1e-9)
    assert not seen[:, 25 + 3 * count : 31].any() and not seen[:, 31 + 6 * count : 43].any(), "absent: zero"
    assert not seen[:, 43:].any(), "nothing articulated here"
