"""What the arm is told to do, and its derivatives: exact differences of the client's commands, one a millisecond."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from expertgen.emulation import limits
from expertgen.emulation.kinematics import Kinematics, turned
from expertgen.emulation.limits import JointLimits
from expertgen.emulation.world import STEP
from expertgen.geometry import rotation_log

Array = NDArray[np.float64]


@dataclass
class Desired:
    """joints (7,) with velocity and acceleration; pose (4, 4) of the tool with twist (6,) and its derivative."""

    joints: Array
    pose: Array
    velocity: Array = field(default_factory=lambda: np.zeros(7))
    acceleration: Array = field(default_factory=lambda: np.zeros(7))
    twist: Array = field(default_factory=lambda: np.zeros(6))
    twist_rate: Array = field(default_factory=lambda: np.zeros(6))


class Follower:
    """Takes a client's command each cycle: what of it breaks a limit, else what is desired from then on.

    Commands are taken only if they break nothing, so `desired` is always within the limits.
    """

    def __init__(self, kinematics: Kinematics, joint_limits: JointLimits, joints: Array) -> None:
        self._kinematics, self._limits = kinematics, joint_limits
        self.desired = Desired(joints.copy(), kinematics.tool(joints)[0])

    def rest(self, joints: Array, velocity: Array, tool: tuple[Array, Array] | None = None) -> None:
        """Follow nothing: what is desired is where the arm is, with the speed it has; `tool` if that is known for it
        already, its pose and Jacobian."""
        pose, jacobian = tool or self._kinematics.tool(joints)
        self.desired = Desired(joints.copy(), pose, velocity.copy(), np.zeros(7), jacobian @ velocity)

    def brake(self) -> None:
        """Come to rest with the largest deceleration."""
        now = self.desired
        if not now.velocity.any() and not now.acceleration.any():
            return
        slower = now.velocity - np.clip(now.velocity, -limits.ACCELERATION * STEP, limits.ACCELERATION * STEP)
        joints = np.clip(now.joints + STEP * slower, self._limits.lower, self._limits.upper)
        pose, jacobian = self._kinematics.tool(joints)
        change = (slower - now.velocity) / STEP
        self.desired = Desired(joints, pose, slower, change, jacobian @ slower, jacobian @ change)

    def joint_position(self, joints: Array, first: bool) -> list[str]:
        if first and not np.abs(joints - self.desired.joints).max() <= limits.START:
            return ["joint_position_motion_generator_start_pose_invalid"]
        return self._joints(joints, (joints - self.desired.joints) / STEP, "joint_motion_generator")

    def joint_velocity(self, velocity: Array) -> list[str]:
        return self._joints(self.desired.joints + STEP * velocity, velocity, "joint_motion_generator")

    def tool_pose(self, pose: Array, elbow: float | None, first: bool) -> list[str]:
        """`pose` (4, 4); `elbow` rad or None."""
        turn = pose[:3, :3]
        if not np.abs(turn @ turn.T - np.eye(3)).max() < 1e-5 or not np.isfinite(pose).all():
            return ["cartesian_position_motion_generator_invalid_frame"]
        before = self.desired.pose
        if first and np.linalg.norm(pose[:3, 3] - before[:3, 3]) > limits.START:
            return ["cartesian_position_motion_generator_start_pose_invalid"]
        move = [pose[:3, 3] - before[:3, 3], rotation_log(turn @ before[:3, :3].T)]
        return self._tool(pose, np.concatenate(move) / STEP, elbow)

    def tool_velocity(self, twist: Array, elbow: float | None) -> list[str]:
        if not np.isfinite(twist).all():
            return ["cartesian_motion_generator_velocity_limits_violation"]
        pose = self.desired.pose.copy()
        pose[:3, 3] += STEP * twist[:3]
        pose[:3, :3] = turned(pose[:3, :3], STEP * twist[3:])
        return self._tool(pose, twist, elbow)

    def _tool(self, pose: Array, twist: Array, elbow: float | None) -> list[str]:
        now = self.desired
        rate = (twist - now.twist) / STEP
        errors = limits.tool_errors(twist, rate, (rate - now.twist_rate) / STEP)
        if errors:
            return errors
        joints = self._kinematics.towards(now.joints, pose, elbow)
        velocity = (joints - now.joints) / STEP
        errors = self._joints(joints, velocity, "cartesian_motion_generator_joint")
        if not errors:
            taken = self.desired
            taken.pose, taken.twist, taken.twist_rate = pose.copy(), twist.copy(), rate
        return errors

    def _joints(self, joints: Array, velocity: Array, prefix: str) -> list[str]:
        now = self.desired
        acceleration = (velocity - now.velocity) / STEP
        jerk = (acceleration - now.acceleration) / STEP
        errors = limits.joint_errors(self._limits, (joints, velocity, acceleration, jerk), prefix)
        if not errors:
            pose, jacobian = self._kinematics.tool(joints)
            twist, rate = jacobian @ velocity, jacobian @ acceleration
            self.desired = Desired(joints.copy(), pose, velocity.copy(), acceleration, twist, rate)
        return errors
