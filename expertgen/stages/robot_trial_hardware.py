"""Trials on a robot of metal: its drivers, calibrated cameras and wall time, a watchdog and a supervisor.

Not run on hardware. What differs from robot_trial_emulation is which devices are opened, and that time goes on.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from expertgen.errors import IncompatibleArtifact
from expertgen.params import Params
from expertgen.robots.connect import require_package
from expertgen.robots.control_policy import ThreadPolicy
from expertgen.robots.safety_log import JsonLines
from expertgen.robots.station import read_station
from expertgen.stages.robot_trial_simulation import load_student
from expertgen.trials.loop_session import LoopSession
from expertgen.workspace import Workspace

STATION, CALIBRATIONS = "robot.yaml", "calibration"
_TAUGHT = {"franka": "panda_hand", "robotiq": "panda_robotiq"}


def open_session(params: Params, workspace: Workspace, checkpoints: Sequence[Path]) -> LoopSession:
    """A session with the robot that robot.yaml names, and the students at `checkpoints`.

    Raises MissingInput, InvalidParameter, RobotFault where a device is not there, and IncompatibleArtifact for a
    gripper that the students were not taught with and for calibrations that are stale.
    """
    station = read_station(workspace.root / STATION)
    if _TAUGHT[station.gripper] != params.simulation.robot:
        raise IncompatibleArtifact(
            f"{workspace.root / STATION}: gripper: found {station.gripper}, but simulation.robot is "
            f"{params.simulation.robot}: students know the gripper that they were taught with."
        )
    more = ("pyrobotiqgripper",) if station.gripper == "robotiq" else ()
    for package in ("franky", "pyrealsense2", *more):
        require_package(package, "a trial on hardware")
    students = {checkpoint: load_student(params, checkpoint) for checkpoint in checkpoints}
    log = JsonLines(workspace.work("robot") / "safety.jsonl")
    try:
        metal = importlib.import_module("expertgen.trials.metal")
        devices = metal.MetalDevices(params, station, workspace.root / CALIBRATIONS)
    except BaseException:
        log.close()
        raise
    return LoopSession(devices, params, students, ThreadPolicy, "wall", log, watched=True)
