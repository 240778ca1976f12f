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
    """torques (7,) Nm; wrench (6,) at the tool in the base frame, and in_tool (6,) at the stiffness frame in its axes;
    where the tool is: pose (4, 4), jacobian (6, 7). contacts and collisions: joints (7,) and directions (6,), 0 or 1.

    Call `feel` once a step, after the world's.
    """

    def __init__(self, world: World, kinematics: Kinematics) -> None:
        self._world, self._kinematics = world, kinematics
        self.thresholds = Thresholds()
        self.forget()

    def forget(self) -> None:
        """Nothing is felt: the arm was put elsewhere."""
        self.torques = np.zeros(7)
        self._look()

    def feel(self) -> None:
        share = STEP / (FILTER + STEP)
        self.torques = self.torques + share * (-self._world.outside_torques() - self.torques)
        self._look()

    def _look(self) -> None:
        self.pose, self.jacobian = self._kinematics.tool(self._world.joints)
        self.wrench = wrench_of(self.jacobian, self.torques)
        self.in_tool = self._in_tool()
        torque, force, bounds = np.abs(self.torques), np.abs(self.in_tool), self.thresholds
        self.contacts = _told(torque > bounds.lower_torque), _told(force > bounds.lower_force)
        self.collisions = _told(torque > bounds.upper_torque), _told(force > bounds.upper_force)

    @property
    def speed(self) -> float:
        """m/s of the tool."""
        return float(np.linalg.norm(self.jacobian[:3] @ self._world.velocities))

    def errors(self) -> list[str]:
        """A reflex where more is felt than the upper thresholds allow."""
        names = "joint_reflex", "cartesian_reflex"
        return [name for name, hit in zip(names, self.collisions, strict=True) if any(hit)]

    def _in_tool(self) -> Array:
        pose = self.pose @ self._kinematics.EE_T_K
        (x, y, z), (a, b, c) = pose[:3, 3] - self.pose[:3, 3], self.wrench[:3]
        torque = self.wrench[3:] - np.array([y * c - z * b, z * a - x * c, x * b - y * a])
        return np.concatenate([pose[:3, :3].T @ self.wrench[:3], pose[:3, :3].T @ torque])


def _told(hit: NDArray[np.bool_]) -> list[float]:
    return hit.astype(np.float64).tolist()
