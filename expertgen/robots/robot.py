"""What drivers of arms, grippers and cameras offer, whatever the make: `observe`, `send`, `stop`.

Units are m, rad, s, N and Nm; poses are of the tool in the arm's base frame, as in simulation; times are those of the
robot's clock: under emulation it is the simulation's, on hardware the machine's monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mode = Literal["idle", "moving", "holding", "reflex", "stopped"]


@dataclass(frozen=True)
class ArmState:
    """joints and joint_velocities (7,); position (3,), rotation (3, 3) of the tool; wrench (6,): the external force and
    torque on the tool, base frame; external_torques (7,); errors: what the arm itself reports, in its words."""

    time: float
    joints: Array
    joint_velocities: Array
    position: Array
    rotation: Array
    wrench: Array
    external_torques: Array
    mode: Mode
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class ToolTarget:
    """Where the tool shall be: position (3,) m, rotation (3, 3), base frame."""

    position: Array
    rotation: Array


@dataclass(frozen=True)
class GripperState:
    """width between the fingers in m; holds: it closed on something; fault: the gripper's own words, "" without one."""

    time: float
    width: float
    moving: bool
    holds: bool
    fault: str = ""


@dataclass(frozen=True)
class Frame:
    """One camera's picture: colour (H, W, 3) uint8 and depth (H, W) float32 m along the optical axis, 0 where it tells
    none, registered to the colour image; `number` grows by one from frame to frame, `serial` names the camera."""

    time: float
    number: int
    serial: str
    colour: NDArray[np.uint8]
    depth: NDArray[np.float32]


class Arm(Protocol):
    """An arm that follows a stream of targets. All calls return within the driver's timeout, or raise RobotFault."""

    def observe(self) -> ArmState: ...

    def send(self, target: ToolTarget) -> ToolTarget:
        """Follow `target` from now on; returns what was really sent. Raises RobotFault in mode reflex or stopped."""
        ...

    def stop(self) -> None:
        """Come to rest and hold, at once and from any state; sends nothing more until `recover`."""
        ...

    def recover(self) -> None:
        """After a reflex or a stop, by a person's word alone: clear the errors and hold where the arm is."""
        ...

    def move_to_joints(self, joints: Array, speed: float) -> None:
        """Reset: go to joints (7,) at `speed`, a share in (0, 1] of the arm's own, and wait until there."""
        ...

    def close(self) -> None:
        """End the connection; the arm comes to rest first."""
        ...


class Gripper(Protocol):
    def observe(self) -> GripperState: ...

    def send(self, width: float) -> float:
        """Go towards `width` (m) without waiting; returns the width really sent. Raises RobotFault on a fault."""
        ...

    def stop(self) -> None: ...

    def recover(self) -> None:
        """Clear a fault and activate again, by a person's word alone."""
        ...

    def close(self) -> None: ...


class Camera(Protocol):
    """`intrinsics` (3, 3) of the colour image, px, the centre of the first pixel at (0, 0) as RealSense has it."""

    serial: str
    intrinsics: Array

    def observe(self) -> Frame:
        """The newest frame; the same number again if there is none newer. Raises RobotFault if the camera is lost."""
        ...

    def close(self) -> None: ...
