"""Franka's own hand through franky-control."""

from __future__ import annotations

import numpy as np

from expertgen.robots.connect import Client, Clock, MachineClock, require_package
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import GripperState

_SESSION = "expertgen.robots.franka_hand_session:FrankaHandSession"
_SAME = 0.002  # m: the hand takes one order at a time, so that a target this near to the last is the same
_HOMED = 0.01  # m: a hand that knows no larger width has not been homed since it was switched on
_HOMING = 20.0  # s of the clock
_PERIOD = 0.05


class FrankaHand:
    """The hand of the arm at `address`. speed in m/s, force in N; `timeout`: s of wall time for an answer.

    Raises RobotFault if it is not there, MissingInput without franky.
    """

    def __init__(
        self, address: str, *, speed: float = 0.1, force: float = 30.0, clock: Clock | None = None,
        timeout: float = 0.25, connect_timeout: float = 10.0,
    ) -> None:  # fmt: skip
        require_package("franky", "the driver of Franka's hand")
        self._name, self._clock = f"hand at {address}", clock or MachineClock()
        self._timeout, self._connect_timeout = timeout, connect_timeout
        self._options = {"address": address, "speed": speed, "force": force, "patience": timeout / 2}
        self._wanted: float | None = None
        self._client = Client(self._name, _SESSION, self._options, connect_timeout)

    def observe(self) -> GripperState:
        told = self._client.call("state", timeout=self._timeout)
        # It was told to take any width for a grasp, an empty one too.
        holds = told["grasped"] and self._wanted is not None and told["width"] > self._wanted + _SAME
        return GripperState(self._clock.now(), float(told["width"]), told["moving"], bool(holds), _fault(told))

    def send(self, width: float) -> float:
        if not np.isfinite(width):
            raise RobotFault(f"{self._name}: a width that is none was not sent: {width}.")
        told = self._client.call("state", timeout=self._timeout)
        if _fault(told):
            raise RobotFault(f"{self._name}: {_fault(told)}; recover it first.")
        width = float(np.clip(width, 0.0, told["largest"]))
        if self._wanted is None or abs(width - self._wanted) > _SAME:
            self._client.call("go", width, timeout=self._timeout)
            self._wanted = width
        return self._wanted

    def stop(self) -> None:
        self._wanted = None
        self._client.call("halt", timeout=self._timeout)

    def recover(self) -> None:
        """Connects anew if the connection was lost; with a fault homes the hand, which opens and closes fully. Raises
        RobotFault if the fault stays."""
        self._wanted = None
        try:
            told = self._client.call("state", timeout=self._timeout)
        except RobotFault:
            self._client.close()
            self._client = Client(self._name, _SESSION, self._options, self._connect_timeout)
            told = self._client.call("state", timeout=self._timeout)
        if not _fault(told):
            return
        self._client.call("home", timeout=self._timeout)
        until = self._clock.now() + _HOMING
        while (told := self._client.call("state", timeout=self._timeout))["moving"]:
            if self._clock.now() > until:
                raise RobotFault(f"{self._name}: homing took longer than {_HOMING:g} s.")
            self._clock.sleep_until(self._clock.now() + _PERIOD)
        if _fault(told):
            raise RobotFault(f"{self._name}: after homing still: {_fault(told)}.")

    def close(self) -> None:
        self._client.close()


def _fault(told: dict) -> str:
    if told["fault"]:
        return str(told["fault"])
    return "" if told["largest"] > _HOMED else "it has not been homed since it was switched on"
