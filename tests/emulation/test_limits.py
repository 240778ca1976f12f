"""What a client's commands may do, to the last digit that matters."""

from __future__ import annotations

import numpy as np
import pytest

from expertgen.emulation import limits
from expertgen.emulation.limits import JointLimits

NAN = float("nan")


@pytest.fixture(scope="module")
def fr3() -> JointLimits:
    urdf = pytest.importorskip("franky_sim.urdf")
    return limits.joint_limits(urdf.FR3_URDF)


READY = np.array([0.0, -0.26, 0.0, -2.43, 0.0, 2.17, 0.785])
NONE = np.zeros(7)


def spread(value: float) -> np.ndarray:
    return np.array([value, 0, 0, 0, 0, 0, 0])


def test_limits_are_those_that_the_client_is_served(fr3: JointLimits) -> None:
    assert fr3.upper[0] == pytest.approx(2.9007)
    assert fr3.torque.tolist() == [87, 87, 87, 87, 12, 12, 12]
    assert fr3.velocity.tolist() == [2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26]


def test_joints_slow_down_towards_their_ends(fr3: JointLimits) -> None:
    least, most = fr3.velocities(spread(2.8))
    assert most[0] == pytest.approx(np.sqrt(2 * 6.0 * 0.1007) - 0.652)
    assert least[0] == -2.62
    assert fr3.velocities(fr3.upper)[1].max() == 0


@pytest.mark.parametrize(
    ("name", "velocity", "acceleration", "jerk"),
    [("velocity_limits_violation", 2.9, 0, 0), ("velocity_discontinuity", 0, -10.6, 0),
     ("acceleration_discontinuity", 0, 0, 5300), ("velocity_limits_violation", NAN, 0, 0),
     ("velocity_discontinuity", 0, NAN, 0), ("acceleration_discontinuity", 0, 0, NAN)],
)  # fmt: skip
def test_each_broken_limit_of_a_joint_is_named(
    fr3: JointLimits, name: str, velocity: float, acceleration: float, jerk: float
) -> None:
    motion = READY, spread(velocity), spread(acceleration), spread(jerk)
    assert limits.joint_errors(fr3, motion, "joint_motion_generator") == [f"joint_motion_generator_{name}"]


def test_what_is_within_breaks_nothing(fr3: JointLimits) -> None:
    assert limits.joint_errors(fr3, (READY, spread(2.6), spread(9.9), spread(4900)), "x") == []
    assert limits.torque_errors(fr3, spread(0.99), NONE, 0.001) == []
    assert limits.tool_errors(np.full(6, 0.5), np.full(6, 3.0), np.full(6, 2000.0)) == []


def test_a_joint_past_its_end_is_named(fr3: JointLimits) -> None:
    past = READY + spread(3.0)
    assert limits.joint_errors(fr3, (past, NONE, NONE, NONE), "x") == ["x_position_limits_violation"]


def test_torques_may_neither_jump_nor_be_too_large(fr3: JointLimits) -> None:
    assert limits.torque_errors(fr3, spread(1.2), NONE, 0.001) == ["controller_torque_discontinuity"]
    assert limits.torque_errors(fr3, spread(88), spread(88), 0.001) == ["tau_j_range_violation"]
    assert len(limits.torque_errors(fr3, spread(NAN), NONE, 0.001)) == 2


def test_of_a_tool_lengths_count(fr3: JointLimits) -> None:
    twist = np.array([2.0, 2.0, 2.0, 0, 0, 0])
    assert limits.tool_errors(twist, NONE[:6], NONE[:6]) == ["cartesian_motion_generator_velocity_limits_violation"]
    assert limits.tool_errors(NONE[:6], NONE[:6], np.full(6, NAN)) == [
        "cartesian_motion_generator_acceleration_discontinuity"
    ]
