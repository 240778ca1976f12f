"""What the arm feels of the world: torques and a wrench from outside, and whether they are more than it was told to
bear. As the arm reports it: what the robot does to its surroundings is positive."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from expertgen.emulation.kinematics import Kinematics, wrench_of
from expertgen.emulation.world import STEP, World

Array = NDArray[np.float64]
FILTER = 0.01  # s, time constant of the estimate; the arm's own is not published


@dataclass(frozen=True)
class Thresholds:
    """Of contact (lower) and of collision (upper): torques (7,) Nm and forces (6,) N and Nm."""

    lower_torque: Array = field(default_factory=lambda: np.full(7, 20.0))
    upper_torque: Array = field(default_factory=lambda: np.full(7, 20.0))
    lower_force: Array = field(default_factory=lambda: np.full(6, 30.0))
    upper_force: Array = field(default_factory=lambda: np.full(6, 30.0))


class Touch:
    """torques (7,) Nm; wrench (6,) at the tool in the base frame. Call `feel` once a step, after the world's."""

    def __init__(self, world: World, kinematics: Kinematics) -> None:
        self._world, self._kinematics = world, kinematics
        self.thresholds = Thresholds()
        self.torques, self.wrench = np.zeros(7), np.zeros(6)
        self.pose, self._jacobian = kinematics.tool(world.joints)

    def feel(self) -> None:
        share = STEP / (FILTER + STEP)
        self.torques = self.torques + share * (-self._world.outside_torques() - self.torques)
        self.pose, self._jacobian = self._kinematics.tool(self._world.joints)
        self.wrench = wrench_of(self._jacobian, self.torques)

    def twist(self) -> Array:
        """(6,) of the tool."""
        return self._jacobian @ self._world.velocities

    def wrench_in_tool(self) -> Array:
        """(6,) at the stiffness frame's origin, in its axes."""
        pose = self.pose @ self._kinematics.EE_T_K
        force = self.wrench[:3]
        torque = self.wrench[3:] - np.cross(pose[:3, 3] - self.pose[:3, 3], force)
        return np.concatenate([pose[:3, :3].T @ force, pose[:3, :3].T @ torque])

    def contacts(self) -> tuple[Array, Array, Array, Array]:
        """Joints (7,) and directions (6,) in contact, then those in collision, as 0 or 1."""
        torque, force, bounds = np.abs(self.torques), np.abs(self.wrench_in_tool()), self.thresholds
        told = (torque > bounds.lower_torque, force > bounds.lower_force,
                torque > bounds.upper_torque, force > bounds.upper_force)  # fmt: skip
        one, two, three, four = (value.astype(np.float64) for value in told)
        return one, two, three, four

    def errors(self) -> list[str]:
        """A reflex where more is felt than the upper thresholds allow."""
        _, _, joints, tool = self.contacts()
        return [name for name, hit in (("joint_reflex", joints), ("cartesian_reflex", tool)) if hit.any()]
