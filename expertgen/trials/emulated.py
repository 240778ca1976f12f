"""The devices of an emulated robot: its real clients, wired to an emulation in a process of its own.

Imports the clients' packages: to be imported once they are known to be there.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from expertgen.emulation.fingers import RemoteFingers
from expertgen.emulation.lockstep import LockstepArm, LockstepHand
from expertgen.emulation.process import emulation
from expertgen.emulation.remote import EmulatedClock, Remote
from expertgen.emulation.rig import EmulatedRig
from expertgen.emulation.robotiq import EmulatedRobotiq
from expertgen.emulation.robotiq_registers import Registers
from expertgen.emulation.views import Views, look_of
from expertgen.params import Params, as_dict
from expertgen.robots.franka_arm import FrankaArm
from expertgen.robots.franka_hand import FrankaHand
from expertgen.robots.robot import Gripper
from expertgen.robots.robotiq import RobotiqGripper
from expertgen.seeing import Calibration
from expertgen.trials.metal import flange_tool, reflexes
from expertgen.trials.session import TrialOrder
from expertgen.trials.starts import StartPose

_PATIENCE = 30.0  # s of wall time for any answer: the machine may be busy, and no time passes meanwhile
_REST = 0.1  # s of the clock for what was put into its place to come to rest


class EmulatedDevices:
    """Arm, hand and cameras of `task`'s emulated world; `looks`: whether trials have drawn looks, as students are
    taught and evaluated, or plain ones. `remote` is a person beside the robot."""

    def __init__(self, params: Params, task: str, looks: bool = True) -> None:
        self._params, self._task, self._looks = params, task, looks
        self._ending = contextlib.ExitStack()
        try:
            self._open()
        except BaseException:
            self._ending.close()
            raise

    def _open(self) -> None:
        params, ending, robot = self._params, self._ending, self._params.simulation.robot
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory()))
        told = folder / "params.yaml"  # as they are with all overlays
        told.write_text(yaml.safe_dump(as_dict(params)), encoding="utf-8")
        host = f"127.{20 + os.getpid() % 200}.{os.getpid() // 200 % 250}.5"
        self.remote: Remote = ending.enter_context(emulation(self._task, told, host))
        self.clock = EmulatedClock(self.remote)
        arm = FrankaArm(host, flange_tool(robot), clock=self.clock, timeout=_PATIENCE, connect_timeout=2 * _PATIENCE,
                        realtime=False, **reflexes(params.robot))  # fmt: skip
        ending.callback(arm.close)
        self.arm = LockstepArm(arm, self.remote, self.clock)
        self.gripper: Gripper = self._hand(host) if robot == "panda_hand" else self._robotiq()
        views = Views(self.remote.snapshot, self._task, params, look_of(self._task, params, 0, None))
        self.rig = EmulatedRig(views, (params.vision.width, params.vision.height), self.clock)
        ending.callback(self.rig.close)
        self.about: Mapping[str, Any] = {
            "robot": robot, "arm": "fr3, emulated", "control_hz": params.robot.rates.control,
            "cameras": list(views.names), "looks": "drawn" if self._looks else "plain",
        }  # fmt: skip

    def _hand(self, host: str) -> Gripper:
        hand = FrankaHand(host, clock=self.clock, timeout=_PATIENCE, connect_timeout=2 * _PATIENCE)
        self._ending.callback(hand.close)
        return LockstepHand(hand, self.remote)

    def _robotiq(self) -> Gripper:
        other = self._ending.enter_context(Remote(self.remote.host))  # asked in the registers' thread
        device = EmulatedRobotiq(Registers(RemoteFingers(other), self.clock.now))
        self._ending.callback(device.close)
        gripper = RobotiqGripper(device.url, clock=self.clock, timeout=_PATIENCE, connect_timeout=2 * _PATIENCE, rate=0)
        self._ending.callback(gripper.close)
        return gripper

    @property
    def serials(self) -> Mapping[str, str]:
        return self.rig.serials

    @property
    def calibrations(self) -> Mapping[str, Calibration]:
        return self.rig.calibrations

    def lay(self, start: StartPose) -> None:
        """Objects to their places, and the arm, which has gone there by itself, to the last tenth of a millimetre."""
        self.remote.ask("reset", seed=start.seed, joints=start.joints.tolist())
        self.remote.ask("place", objects=start.objects.tolist())
        self.clock.sleep_until(self.clock.now() + _REST)

    def begin(self, order: TrialOrder) -> None:
        """A look of the trial's own, the same for all policies of a block."""
        self.rig.wear(look_of(self._task, self._params, order.start.seed, order.seed if self._looks else None))

    def success(self) -> bool:
        return bool(self.remote.ask("success")["success"])

    def close(self) -> None:
        """End clients and emulation."""
        self._ending.close()

