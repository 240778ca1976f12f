"""Trials through the robot's real clients, against an emulated robot: down to the wire as on metal, but for the metal.

The arm's and the gripper's drivers speak to an emulation in a process of its own, the cameras' to devices of software
that show what is drawn of the emulated world. All go by the emulation's clock, which passes in the control loop's sleep
alone, so that no result depends on the speed of the machine.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from expertgen.params import Params
from expertgen.robots.connect import require_package
from expertgen.robots.control_policy import Asker, InlinePolicy, Policy
from expertgen.robots.safety_log import JsonLines
from expertgen.stages.robot_trial_simulation import load_student
from expertgen.stages.threads import torch_threads
from expertgen.trials.loop_session import LoopSession
from expertgen.trials.record import TrialRecord
from expertgen.trials.session import TrialOrder
from expertgen.workspace import Workspace

# s of the robot's clock from a question to the student's answer: what cloud and inference take on a busy core, rounded
# up; reports/robot/latency.md. The answer of a machine that is faster or slower comes at the same moment.
LATENCY = 0.05
PACKAGES = ("franky", "franky_sim", "pyrealsense2")


def open_session(params: Params, workspace: Workspace, checkpoints: Sequence[Path]) -> EmulatedSession:
    """A session with an emulated robot of `params`, in the task of `workspace`, and the students at `checkpoints`.

    Raises MissingInput without the clients' packages, RobotFault where the emulation does not begin, and what loading a
    student raises.
    """
    more = ("pyrobotiqgripper", "pymodbus") if params.simulation.robot == "panda_robotiq" else ()
    for package in (*PACKAGES, *more):
        require_package(package, "a trial in emulation")
    students = {checkpoint: load_student(params, checkpoint) for checkpoint in checkpoints}
    log = JsonLines(workspace.work("robot") / "safety.jsonl")
    try:
        devices = importlib.import_module("expertgen.trials.emulated").EmulatedDevices(params, workspace.task)
    except BaseException:
        log.close()
        raise
    return EmulatedSession(devices, params, students, asker, "emulation", log)


def asker(policy: Policy) -> Asker:
    """Asks within the robot's standing time, which is told to have passed."""
    return InlinePolicy(policy, LATENCY)


class EmulatedSession(LoopSession):
    """One core for the policy, so that sums do not depend on the machine."""

    def run(self, order: TrialOrder) -> TrialRecord:
        with torch_threads(1):
            return super().run(order)
