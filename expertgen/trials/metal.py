"""The devices of a robot of metal: the drivers at the addresses that robot.yaml names, calibrated cameras, wall time.

Not run on hardware. Imports the clients' packages: to be imported once they are known to be there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from expertgen.params import Params, RobotParams
from expertgen.robots.calibration_file import Calibration, read_calibration
from expertgen.robots.connect import MachineClock
from expertgen.robots.franka_arm import FrankaArm, hand_tool
from expertgen.robots.franka_hand import FrankaHand
from expertgen.robots.realsense import RealSenseCamera, find_device
from expertgen.robots.rig import Rig
from expertgen.robots.robot import Array, Gripper
from expertgen.robots.robotiq import RobotiqGripper
from expertgen.robots.station import Station
from expertgen.scenes import robotiq as robotiq_model
from expertgen.trials.session import TrialOrder
from expertgen.trials.starts import StartPose


class MetalDevices:
    """What `station` names; calibrations come from the folder `calibrated`.

    Raises RobotFault for what is not there, and what reading a calibration raises: one that is missing, stale, or of
    another image size is refused.
    """

    def __init__(self, params: Params, station: Station, calibrated: Path) -> None:
        self.clock, self.serials = MachineClock(), station.serials
        self._ending = contextlib.ExitStack()
        try:
            self._open(params, station, calibrated)
        except BaseException:
            self._ending.close()
            raise

    def _open(self, params: Params, station: Station, calibrated: Path) -> None:
        ending, cameras = self._ending, []
        for serial in self.serials.values():
            cameras.append(RealSenseCamera(find_device(serial)))
            ending.callback(cameras[-1].close)
        self.calibrations: Mapping[str, Calibration] = {
            camera.serial: read_calibration(calibrated, camera.serial, params.calibration, camera.intrinsics)
            for camera in cameras
        }
        self.rig = Rig(cameras)
        self.gripper: Gripper
        if station.gripper == "franka":
            self.gripper = FrankaHand(station.arm)
        else:
            self.gripper = RobotiqGripper(station.gripper_at)
        ending.callback(self.gripper.close)
        self.arm = FrankaArm(station.arm, flange_tool(params.simulation.robot), **reflexes(params.robot))
        ending.callback(self.arm.close)  # first of all to be closed: it comes to rest
        self.about: Mapping[str, Any] = {
            "robot": params.simulation.robot, "arm": params.robot.arm, "gripper": station.gripper,
            "control_hz": params.robot.rates.control, "cameras": self.serials,
        }  # fmt: skip

    def lay(self, start: StartPose) -> None:
        """A person does."""

    def begin(self, order: TrialOrder) -> None:
        """All is ready."""

    def success(self) -> None:
        """Nothing here can tell: a person scores."""

    def close(self) -> None:
        """Let go of everything, the arm first."""
        self._ending.close()


class Reflexes(TypedDict):
    """What FrankaArm takes: forces and torques of the tool (6,), N and Nm, and torques of the joints (7,), Nm."""

    forces: Sequence[float]
    torques: Sequence[float]


def reflexes(params: RobotParams) -> Reflexes:
    """Where the arm's own reflexes are set: at what the safety filter stops by. Any lower, and its hold, which the
    policy may go on from, would come too late."""
    most = params.contact
    return {"forces": (most.force.stop,) * 3 + (most.torque.stop,) * 3, "torques": most.joints}


def flange_tool(robot: str) -> Array:
    """(4, 4): the tool on the flange, as the simulation's `robot` has it."""
    tool = hand_tool()
    if robot == "panda_robotiq":
        tool[2, 3] = robotiq_model.TCP_OFFSET
    return np.asarray(tool)
