"""A Robotiq 2F-85 through pyRobotiqGripper: Modbus RTU on a serial line, or behind a TCP gateway."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expertgen.robots.connect import Client, Clock, MachineClock, require_package
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import GripperState

_SESSION = "expertgen.robots.robotiq_session:RobotiqSession"
_ACTIVATION = 8.0  # s of wall time: the fingers open and close once
_ACTIVATED, _HELD = 3, 2  # gSTA; gOBJ: stopped by something while closing
# gFLT. 9 tells of a silence before this question, and a gripper that answers is not silent.
FAULTS = {
    5: "action delayed, it has to be activated first (an emergency stop took its power?)",
    7: "its activation bit has to be set before it acts", 8: "too hot", 10: "voltage too low",
    11: "automatic release in progress", 12: "internal fault", 13: "activation fault", 14: "overcurrent",
    15: "automatic release completed",
}  # fmt: skip


@dataclass(frozen=True)
class Travel:
    """Which registers mean what: `width` in m between the fingers at position `opened`, zero at `closed`."""

    width: float = 0.085
    opened: int = 3
    closed: int = 230

    def metres(self, position: int) -> float:
        return float(np.clip((self.closed - position) / (self.closed - self.opened), 0, 1) * self.width)

    def position(self, width: float) -> int:
        share = float(np.clip(width / self.width, 0, 1))
        return round(self.closed + share * (self.opened - self.closed))


class RobotiqGripper:
    """The gripper at `device`: a serial port such as /dev/ttyUSB0, or tcp://HOST:PORT.

    It is never activated unasked, since its fingers then open and close: `recover` does that. speed and force: 0 to
    255. `timeout`: s that an answer may take, or be old. `rate`: times a second that it is read in the background; 0
    to talk to it in each call instead, as emulation in lockstep needs.
    Raises RobotFault if it is not there, MissingInput without pyrobotiqgripper.
    """

    def __init__(
        self, device: str, *, number: int = 9, speed: int = 255, force: int = 100, travel: Travel | None = None,
        clock: Clock | None = None, timeout: float = 0.25, connect_timeout: float = 10.0, rate: float = 30.0,
    ) -> None:  # fmt: skip
        require_package("pyrobotiqgripper", "the driver of Robotiq's grippers")
        self._name, self._speed, self._force = f"gripper at {device}", speed, force
        self._travel, self._clock = travel or Travel(), clock or MachineClock()
        self._timeout, self._connect_timeout = timeout, connect_timeout
        self._options = {"device": device, "number": number, "rate": rate}
        self._wanted: int | None = None
        self._client = Client(self._name, _SESSION, self._options, connect_timeout)

    def observe(self) -> GripperState:
        status, age = self._client.call("status", timeout=self._timeout)
        if age > self._timeout:
            raise RobotFault(f"{self._name}: it has not answered for {age:.2f} s.")
        # What it says of its last motion does not tell of one that it has not heard of yet.
        heard = self._wanted is None or status["gPR"] == self._wanted
        moving = not heard or (status["gGTO"] == 1 and status["gOBJ"] == 0 and status["gSTA"] == _ACTIVATED)
        width, fault = self._travel.metres(status["gPO"]), _fault(status)
        holds = heard and status["gOBJ"] == _HELD and status["gGTO"] == 1
        return GripperState(self._clock.now() - age, width, moving and not fault, holds, fault)

    def send(self, width: float) -> float:
        if not np.isfinite(width):
            raise RobotFault(f"{self._name}: a width that is none was not sent: {width}.")
        fault = self.observe().fault
        if fault:
            raise RobotFault(f"{self._name}: {fault}; recover it first.")
        position = self._travel.position(width)
        self._client.call("go", position, self._speed, self._force, timeout=self._timeout)
        self._wanted = position
        return self._travel.metres(position)

    def stop(self) -> None:
        self._wanted = None
        self._client.call("halt", timeout=self._timeout)

    def recover(self) -> None:
        """Connects anew if the connection was lost; with a fault activates again: the fingers open and close fully, and
        drop what they hold. Raises RobotFault if the fault stays."""
        self._wanted = None
        if self._client.lost:
            self._client = Client(self._name, _SESSION, self._options, self._connect_timeout)
        status, _ = self._client.call("status", timeout=self._timeout)
        if _fault(status):
            fault = _fault(self._client.call("activate", timeout=_ACTIVATION))
            if fault:
                raise RobotFault(f"{self._name}: after activation still: {fault}. Switch its power off and on.")

    def close(self) -> None:
        self._client.close()


def _fault(status: dict[str, int]) -> str:
    if status["gFLT"] in FAULTS:
        return f"fault {status['gFLT']:#04x}, {FAULTS[status['gFLT']]}"
    return "" if status["gSTA"] == _ACTIVATED else "it is not activated"
