"""The drivers of arm and hand where time passes in portions: what they ask for begins at a known moment of the clock.

A client library hands a motion over from a thread of its own, which takes a while of wall time. Here nothing passes in
the world until it has arrived, so that a run does not depend on the speed of the machine.
"""

from __future__ import annotations

import time

from expertgen.emulation.remote import EmulatedClock, Remote
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import Arm, ArmState, Array, Gripper, GripperState, ToolTarget

_ARRIVES = 5.0  # s of wall time within which an order reaches the emulation


class LockstepArm:
    """The driver `arm`, whose streams begin at a known moment."""

    def __init__(self, arm: Arm, remote: Remote, clock: EmulatedClock) -> None:
        self._arm, self._remote, self._clock = arm, remote, clock
        self._following = False

    def observe(self) -> ArmState:
        return self._arm.observe()

    def send(self, target: ToolTarget) -> ToolTarget:
        begun = 0 if self._following else int(self._remote.ask("state")["motions"])
        sent = self._arm.send(target)
        if not self._following:
            self._clock.motions, self._following = begun + 1, True
        return sent

    def stop(self) -> None:
        self._following = False
        self._arm.stop()

    def recover(self) -> None:
        self._following = False
        self._arm.recover()

    def move_to_joints(self, joints: Array, speed: float) -> None:
        self._following = False
        self._arm.move_to_joints(joints, speed)

    def close(self) -> None:
        self._arm.close()


class LockstepHand:
    """The driver `hand`, whose orders are there before time passes."""

    def __init__(self, hand: Gripper, remote: Remote) -> None:
        self._hand, self._remote = hand, remote

    def observe(self) -> GripperState:
        return self._hand.observe()

    def send(self, width: float) -> float:
        sent = self._hand.send(width)
        until = time.monotonic() + _ARRIVES
        while not self._arrived(sent):
            if time.monotonic() > until:
                raise RobotFault(f"The hand was not given the width {sent:.3f} m within {_ARRIVES:g} s.")
            time.sleep(0.001)
        return sent

    def _arrived(self, width: float) -> bool:
        told = self._remote.ask("state")
        # A cable that is out, or a motor that has failed: time has to go on for that to be noticed.
        return abs(told["hand_goal"] - width) < 1e-4 or told["cut"] or told["hand_dead"]

    def stop(self) -> None:
        self._hand.stop()

    def recover(self) -> None:
        self._hand.recover()

    def close(self) -> None:
        self._hand.close()
