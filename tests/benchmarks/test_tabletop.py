"""Where things lie at the start of a task."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertgen.benchmarks.tabletop import on_table, yaw_of
from expertgen.geometry import quaternion_to_rotation, quaternion_z

RANGES = st.tuples(st.floats(-3, 3), st.floats(-3, 3)).map(lambda ends: (min(ends), max(ends)))
SEEDS = st.integers(0, 2**32)


@given(SEEDS, RANGES, RANGES, st.floats(0, 1), RANGES, st.floats(-1.5, 1.5))
def test_a_pose_lies_within_its_ranges_at_its_height_and_leans_by_its_tilt(seed, x, y, height, yaw, tilt) -> None:
    pose = on_table(np.random.default_rng(seed), x, y, height, yaw, tilt)
    assert x[0] <= pose[0] <= x[1] and y[0] <= pose[1] <= y[1] and pose[2] == height
    assert np.linalg.norm(pose[3:]) == pytest.approx(1, abs=1e-12)
    axes = quaternion_to_rotation(pose[3:])
    assert axes[2, 0] == pytest.approx(-np.sin(tilt), abs=1e-9), "the x axis points down by the tilt"
    assert axes[2, 1] == pytest.approx(0, abs=1e-9), "and the y axis is level"
    assert yaw[0] - 1e-9 <= yaw_of(pose) <= yaw[1] + 1e-9


@given(SEEDS)
def test_without_a_tilt_it_is_turned_about_the_upright_alone(seed: int) -> None:
    pose = on_table(np.random.default_rng(seed), (0.4, 0.6), (-0.1, 0.1), 0.02)
    np.testing.assert_allclose(pose[3:] * np.sign(pose[3]), quaternion_z(yaw_of(pose)), atol=1e-12)


def test_poses_are_spread_over_the_whole_of_their_ranges() -> None:
    generator = np.random.default_rng(0)
    poses = np.stack([on_table(generator, (0.4, 0.6), (-0.2, 0.2), 0.0) for _ in range(400)])
    values = np.stack([poses[:, 0], poses[:, 1], yaw_of(poses)])
    low, high = np.array([[0.4, 0.6], [-0.2, 0.2], [-np.pi, np.pi]]).T
    np.testing.assert_allclose(values.min(1), low, atol=0.02 * (high - low).max())
    np.testing.assert_allclose(values.mean(1), (low + high) / 2, atol=0.05 * (high - low).max())
    np.testing.assert_allclose(values.max(1), high, atol=0.02 * (high - low).max())
