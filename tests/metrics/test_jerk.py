"""Joint-space jerk cost: closed forms and scaling laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertgen.metrics.jerk import joint_jerk_cost

coefficients = st.lists(st.floats(-3, 3), min_size=3, max_size=3)
intervals = st.floats(0.01, 0.5)


def cubic(c: np.ndarray, lower: np.ndarray, dt: float, samples: int = 20) -> np.ndarray:
    """(1, samples, joints): c t^3 + b t^2 + a t + start for each joint; lower is (3, joints)."""
    t = dt * np.arange(samples)[:, None]
    return (c * t**3 + lower[2] * t**2 + lower[1] * t + lower[0])[None]


@given(st.lists(coefficients, min_size=7, max_size=7), intervals)
def test_zero_for_quadratics(lower: list[list[float]], dt: float) -> None:
    q = cubic(np.zeros(7), np.array(lower).T, dt)
    rounding = 1e-14 * max(1.0, np.abs(q).max()) / dt**3
    assert joint_jerk_cost(q, dt)[0] == pytest.approx(0.0, abs=7 * rounding**2)


@given(st.lists(st.floats(-3, 3), min_size=7, max_size=7), intervals, st.integers(4, 40))
def test_exact_for_cubics(c: list[float], dt: float, samples: int) -> None:
    q = cubic(np.array(c), np.ones((3, 7)), dt, samples)
    expected = 36 * np.sum(np.square(c))
    assert joint_jerk_cost(q, dt)[0] == pytest.approx(expected, rel=1e-3, abs=1e-4)


@given(st.integers(0, 1000), st.floats(0.2, 5.0))
def test_slower_by_k_costs_k_to_the_sixth_less(seed: int, k: float) -> None:
    q = np.random.default_rng(seed).normal(size=(2, 12, 7))
    assert joint_jerk_cost(q, k * 0.1) == pytest.approx(joint_jerk_cost(q, 0.1) / k**6)


@given(st.integers(0, 1000), st.floats(-4, 4))
def test_amplitude_squares_and_reversal_keeps(seed: int, amplitude: float) -> None:
    q = np.random.default_rng(seed).normal(size=(2, 12, 7))
    assert joint_jerk_cost(amplitude * q, 0.1) == pytest.approx(amplitude**2 * joint_jerk_cost(q, 0.1))
    assert joint_jerk_cost(q[:, ::-1], 0.1) == pytest.approx(joint_jerk_cost(q, 0.1))


def test_approaches_the_integral_of_a_sine() -> None:
    """q = sin(w t): the mean of (w^3 cos)^2 over whole periods is w^6 / 2."""
    w, dt = 2.0, 1e-3
    t = dt * np.arange(int(2 * np.pi / w / dt) + 4)
    assert joint_jerk_cost(np.sin(w * t)[None, :, None], dt)[0] == pytest.approx(w**6 / 2, rel=2e-3)


def test_ragged_trajectories_are_judged_one_by_one() -> None:
    rng = np.random.default_rng(0)
    q = [rng.normal(size=(length, 7)).astype(np.float32) for length in (4, 9, 30)]
    together = joint_jerk_cost(q, 0.1)
    assert together.dtype == np.float64
    assert together.tolist() == [joint_jerk_cost(one[None], 0.1)[0] for one in q]


def test_bad_trajectories_are_refused() -> None:
    with pytest.raises(ValueError, match="trajectory 1"):
        joint_jerk_cost([np.zeros((4, 7)), np.zeros((3, 7))], 0.1)
    with pytest.raises(ValueError, match="trajectory 0"):
        joint_jerk_cost(np.zeros((5, 7)), 0.1)
    with pytest.raises(ValueError, match="not finite"):
        joint_jerk_cost(np.full((1, 5, 7), np.inf), 0.1)
    with pytest.raises(ValueError, match="dt"):
        joint_jerk_cost(np.zeros((1, 5, 7)), 0.0)
