"""The devices of a trial, whatever they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from expertgen.robots.control_clock import Clock
from expertgen.robots.control_eyes import MatchedCameras
from expertgen.robots.robot import Arm, Gripper
from expertgen.seeing import Calibration
from expertgen.trials.session import TrialOrder
from expertgen.trials.starts import StartPose


class Devices(Protocol):
    """Arm, gripper, cameras and the clock that all of them are dated by. serials: the cameras' names → serial numbers;
    calibrations: serial numbers → where they stand."""

    arm: Arm
    gripper: Gripper
    rig: MatchedCameras
    clock: Clock
    about: Mapping[str, Any]

    @property
    def serials(self) -> Mapping[str, str]: ...

    @property
    def calibrations(self) -> Mapping[str, Calibration]: ...

    def lay(self, start: StartPose) -> None:
        """Objects to their places, where no person does that; the arm stands at its start."""
        ...

    def begin(self, order: TrialOrder) -> None:
        """A trial is about to begin."""
        ...

    def success(self) -> bool | None:
        """The task's own measure of this moment, None where nothing can tell."""
        ...

    def close(self) -> None: ...

