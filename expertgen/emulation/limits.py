"""The limits that an FR3's controller holds its client to, from the description it serves and Franka's documentation.

Joint positions, velocities and torques come from the URDF that franky-sim serves to clients; accelerations, jerks and
rates from libfranka's `rate_limiting.h` for the FR3.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ACCELERATION, JERK = 10.0, 5000.0  # rad/s², rad/s³, of every joint and of the elbow
TORQUE_RATE = 1000.0  # Nm/s
TRANSLATION = (3.0, 9.0, 4500.0)  # m/s, m/s², m/s³
ROTATION = (2.5, 17.0, 8500.0)  # rad/s, rad/s², rad/s³
# A start is told to the client in single precision: of 0.1 µrad the first command may be off, which is 100 rad/s³.
SLACK = 1.05
START = 0.01  # rad or m by which the first command of a motion may differ from where the arm is


@dataclass(frozen=True)
class JointLimits:
    """lower, upper (7,) rad; velocity (7,) rad/s; torque (7,) Nm; near a joint's end its velocity is less: at a
    distance d from it at most sqrt(2 deceleration d) - offset."""

    lower: Array
    upper: Array
    velocity: Array
    torque: Array
    deceleration: Array
    offset: Array

    def velocities(self, joints: Array) -> tuple[Array, Array]:
        """Least and largest joint velocities (7,) at `joints` (7,)."""
        up = np.sqrt(np.maximum(0, 2 * self.deceleration * (self.upper - joints))) - self.offset
        down = np.sqrt(np.maximum(0, 2 * self.deceleration * (joints - self.lower))) - self.offset
        return -np.clip(down, 0, self.velocity), np.clip(up, 0, self.velocity)


def joint_limits(urdf: str) -> JointLimits:
    """Of the seven joints in the text of a URDF."""
    joints = {joint.get("name"): joint for joint in ET.fromstring(urdf).iter("joint")}
    rows = []
    for number in range(1, 8):
        joint = joints[f"joint{number}"]
        limit, near = joint.find("limit"), joint.find("position_based_velocity_limits")
        assert limit is not None and near is not None
        names = ("lower", "upper", "velocity", "effort")
        rows.append([*(float(limit.attrib[name]) for name in names),
                     float(near.attrib["deceleration_limit"]), float(near.attrib["velocity_offset"])])  # fmt: skip
    return JointLimits(*np.array(rows).T)


def joint_errors(limits: JointLimits, motion: tuple[Array, Array, Array, Array], prefix: str) -> list[str]:
    """What a commanded motion, positions, velocities, accelerations and jerks (7,) each, breaks; each error begins with
    `prefix`. Anything that is not finite breaks all."""
    joints, velocity, acceleration, jerk = motion
    errors = []
    if not ((joints >= limits.lower) & (joints <= limits.upper)).all():
        errors.append(f"{prefix}_position_limits_violation")
    least, most = limits.velocities(joints)
    if not ((velocity >= SLACK * least - 1e-3) & (velocity <= SLACK * most + 1e-3)).all():
        errors.append(f"{prefix}_velocity_limits_violation")
    if not (np.abs(acceleration) <= SLACK * ACCELERATION).all():
        errors.append(f"{prefix}_velocity_discontinuity")
    if not (np.abs(jerk) <= SLACK * JERK).all():
        errors.append(f"{prefix}_acceleration_discontinuity")
    return errors


def tool_errors(twist: Array, acceleration: Array, jerk: Array) -> list[str]:
    """What a commanded twist (6,) and its derivatives break; lengths count, not components."""
    errors = []
    names = ("velocity_limits_violation", "velocity_discontinuity", "acceleration_discontinuity")
    for value, name, line, turn in zip((twist, acceleration, jerk), names, TRANSLATION, ROTATION, strict=True):
        if not (np.linalg.norm(value[:3]) <= SLACK * line and np.linalg.norm(value[3:]) <= SLACK * turn):
            errors.append(f"cartesian_motion_generator_{name}")
    return errors


def torque_errors(limits: JointLimits, torques: Array, before: Array, seconds: float) -> list[str]:
    """What commanded torques (7,) Nm break, `seconds` after `before` (7,)."""
    errors = []
    if not (np.abs(torques) <= limits.torque).all():
        errors.append("tau_j_range_violation")
    if not (np.abs(torques - before) <= SLACK * TORQUE_RATE * seconds).all():
        errors.append("controller_torque_discontinuity")
    return errors
