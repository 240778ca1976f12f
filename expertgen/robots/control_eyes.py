"""What a control loop sees by: cameras whose pictures are watched for age and for standing still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from expertgen.robots.robot import ArmState, Array, Camera, Frame, GripperState

Picture = Callable[[Sequence[Frame], ArmState, GripperState | None], object]


@dataclass(frozen=True)
class Sight:
    """What the policy is shown, and when the oldest picture in it was taken."""

    seen: object
    time: float


class MatchedFrames(Protocol):
    @property
    def frames(self) -> tuple[Frame, ...]: ...


class MatchedCameras(Protocol):
    """As rig.Rig. Raises RobotFault when a camera is lost or frames do not match."""

    def observe(self) -> MatchedFrames: ...


class Eyes(Protocol):
    """Both raise RobotFault when a camera is lost."""

    def watch(self, arm: ArmState) -> tuple[float, str]:
        """When the oldest of the cameras' newest pictures was taken, and what is wrong with them, "" if nothing is.
        Called `robot.rates.watch` times a second: it must not take long."""
        ...

    def see(self, arm: ArmState, gripper: GripperState | None) -> Sight:
        """What the policy is shown now."""
        ...


class CameraEyes:
    """Eyes over `cameras`. `picture` makes what the policy is shown of their frames, in their order, and of what arm
    and gripper tell. A camera that gives the same picture under new numbers, while a joint moves by `frozen_travel`
    rad, is told of: real pictures have noise, rendered ones change with the arm. frames: the newest of all cameras."""

    def __init__(self, cameras: Sequence[Camera], picture: Picture, frozen_travel: float) -> None:
        self._cameras, self._picture, self._travel = tuple(cameras), picture, frozen_travel
        self.frames: tuple[Frame, ...] = ()
        self._changed: dict[str, tuple[Frame, Array]] = {}  # a picture's first frame, and where the joints were then

    def watch(self, arm: ArmState) -> tuple[float, str]:
        self.frames = self._read()
        frozen = [frame.serial for frame in self.frames if self._frozen(frame, arm.joints)]
        wrong = f"the picture of {', '.join(frozen)} stands still while the arm moves" if frozen else ""
        return min((frame.time for frame in self.frames), default=arm.time), wrong

    def see(self, arm: ArmState, gripper: GripperState | None) -> Sight:
        self.frames = self._read()
        oldest = min((frame.time for frame in self.frames), default=arm.time)
        return Sight(self._picture(self.frames, arm, gripper), oldest)

    def _read(self) -> tuple[Frame, ...]:
        return tuple(camera.observe() for camera in self._cameras)

    def _frozen(self, frame: Frame, joints: Array) -> bool:
        first, then = self._changed.get(frame.serial, (frame, joints))
        if frame.number == first.number and frame.serial in self._changed:
            return False  # no newer one: its age tells
        if frame.serial not in self._changed or not _same(first, frame):
            self._changed[frame.serial] = (frame, joints.copy())
            return False
        return bool(np.abs(joints - then).max() > self._travel)


class RigEyes(CameraEyes):
    """Eyes over the cameras of a `rig`, which reads them at the same time and matches their frames."""

    def __init__(self, rig: MatchedCameras, picture: Picture, frozen_travel: float) -> None:
        super().__init__((), picture, frozen_travel)
        self._rig = rig

    def _read(self) -> tuple[Frame, ...]:
        return self._rig.observe().frames


def _same(one: Frame, other: Frame) -> bool:
    return bool(np.array_equal(one.colour, other.colour) and np.array_equal(one.depth, other.depth))
