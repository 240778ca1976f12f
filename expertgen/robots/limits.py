"""The limits that a safety filter keeps, reckoned from the parameters once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from expertgen.params import RobotParams
from expertgen.robots.robot import Array

PEAKS = {"linear": 1.0, "quintic": 1.875}  # largest speed over mean speed between two targets


@dataclass(frozen=True)
class Limits:
    """`params` and what follows from them; arrays are not to be written to."""

    params: RobotParams

    @property
    def period(self) -> float:
        """s, from action to action."""
        return 1 / self.params.rates.control

    @cached_property
    def box(self) -> tuple[Array, Array]:
        """Corners (3,) of the workspace, m."""
        return np.array(self.params.workspace.low), np.array(self.params.workspace.high)

    @cached_property
    def most_position(self) -> float:
        """m, the largest step of an action: by the step cap, or by the speed that interpolation would reach."""
        peak = PEAKS[self.params.interpolation]
        return min(self.params.step.position, self.params.speed.position * self.period / peak)

    @cached_property
    def most_rotation(self) -> float:
        """rad, the same of rotations."""
        peak = PEAKS[self.params.interpolation]
        return min(self.params.step.rotation, self.params.speed.rotation * self.period / peak)

    @cached_property
    def joints(self) -> tuple[Array, Array]:
        """Lower and upper joint limits (7,) with the margin taken off, rad."""
        own = getattr(self.params.joints, self.params.arm)
        return np.array(own.lower) + self.params.joints.margin, np.array(own.upper) - self.params.joints.margin

    @cached_property
    def joint_step(self) -> Array:
        """rad (7,), the largest motion of each joint in a period."""
        own, peak = getattr(self.params.joints, self.params.arm), PEAKS[self.params.interpolation]
        return np.array(own.speed) * self.params.joints.speed_share * self.period / peak

    @cached_property
    def joint_torques(self) -> Array:
        """Nm (7,)."""
        return np.array(self.params.contact.joints)
