"""Trials through a robot's drivers: eyes, policy, safety filter and interpolator, the same for metal and emulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from expertgen.camera_env import Seen
from expertgen.params import Params
from expertgen.policies.student import StudentPolicy
from expertgen.robots.control import ControlLoop, Ended
from expertgen.robots.control_eyes import RigEyes
from expertgen.robots.control_policy import Asker, Policy
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import Frame
from expertgen.robots.safety_log import JsonLines, Log
from expertgen.seeing import Seeing, shrunk
from expertgen.trials.devices import Devices
from expertgen.trials.record import TrialRecord
from expertgen.trials.recorder import Picture, Recorder
from expertgen.trials.session import TrialOrder
from expertgen.trials.starts import StartPose

_SPEED = 0.2  # of the arm's own, on its way to a start
_OPENING = 3.0  # s of the clock that the fingers have to open


class LoopSession:
    """`students` are all that orders will name. `asker` makes what asks a policy; `clock`: what the records say of the
    time, wall or emulation. `watched`: by watchdog and supervisor, for hardware. timings: wall time of each part of the
    loop, s, of all trials so far."""

    def __init__(
        self, devices: Devices, params: Params, students: Mapping[Path, StudentPolicy],
        asker: Callable[[Policy], Asker], clock: str, log: Log | None = None, watched: bool = False,
    ) -> None:  # fmt: skip
        self.devices, self._params, self._students = devices, params, students
        self._asker, self._clock, self._log, self._watched = asker, clock, log, watched
        self.about: Mapping[str, Any] = devices.about
        self.timings: dict[str, list[float]] = {}

    def prepare(self, start: StartPose) -> None:
        """The operator has said that the way is free: recover what was stopped, open the hand, go to the start."""
        devices = self.devices
        if devices.arm.observe().mode in ("reflex", "stopped"):
            devices.arm.recover()
        if devices.gripper.observe().fault:
            devices.gripper.recover()
        self._open()
        devices.arm.move_to_joints(start.joints, _SPEED)
        devices.lay(start)

    def _open(self) -> None:
        devices = self.devices
        devices.gripper.send(self._params.robot.gripper_open)
        until = devices.clock.now() + _OPENING
        while devices.gripper.observe().width < 0.95 * self._params.robot.gripper_open:
            if devices.clock.now() > until:
                raise RobotFault(f"The gripper did not open within {_OPENING:g} s: see what keeps it.")
            devices.clock.sleep_until(devices.clock.now() + 0.05)

    def run(self, order: TrialOrder) -> TrialRecord:
        """One trial; stopped, whatever the reason, counts as a fault of the robot."""
        devices, student = self.devices, self._students[order.checkpoint]
        devices.begin(order)
        seeing = Seeing(student.vision, student.sees, devices.serials, devices.calibrations, order.seed)
        eyes = RigEyes(devices.rig, seeing, self._params.robot.frozen_travel)
        recorder = Recorder(lambda: eyes.frames, _pictures(devices, seeing), seeing, devices.success)
        asker = self._asker(acting(student))
        loop = ControlLoop(devices.arm, devices.gripper, eyes, asker, devices.clock, self._params.robot, self._log,
                           watched=self._watched, supervised=self._watched, told=recorder)  # fmt: skip
        try:
            ended = loop.run(order.max_seconds)
        except RobotFault as error:
            if not len(recorder):
                raise
            ended = Ended("stopped", str(error), devices.clock.now())
        finally:
            asker.close()
            for part, took in loop.timings.items():
                self.timings.setdefault(part, []).extend(took)
        fault = ended.said if ended.how == "stopped" else ""
        return recorder.record(self._params.robot.rates.control, self._clock, student.vision,
                               fault or "its time was over", fault)  # fmt: skip

    def close(self) -> None:
        """Let go of the devices, and of the log."""
        try:
            self.devices.close()
        finally:
            if isinstance(self._log, JsonLines):
                self._log.close()


def acting(student: StudentPolicy) -> Policy:
    """The student as a control loop asks it: from what one robot sees to a chunk (horizon, 10)."""

    def act(seen: object) -> object:
        assert isinstance(seen, Seen)
        return student.act(seen)[0].numpy()

    return act


def _pictures(devices: Devices, seeing: Seeing) -> dict[str, tuple[str, Picture]]:
    def kept(serial: str) -> Picture:
        intrinsics = devices.calibrations[serial].intrinsics
        return lambda frame: picture(frame, intrinsics, seeing)

    return {serial: (name, kept(serial)) for name, serial in devices.serials.items()}


def picture(frame: Frame, intrinsics: Any, seeing: Seeing) -> Any:
    """The image that is kept of a frame: as the student's own camera would have it."""
    return shrunk(frame.colour, intrinsics, seeing.pinhole)
