"""What pyRobotiqGripper is asked for. Runs in a process of its own (connect.Client); the one module that imports it."""

from __future__ import annotations

import threading
import time

import pyrobotiqgripper as library

from expertgen.robots.faults import RobotFault

STATUS = ("gOBJ", "gSTA", "gGTO", "gFLT", "gPR", "gPO")
_ACTIVATED = 3  # gSTA


class RobotiqSession:
    """A connection by Modbus RTU to a 2F gripper at `device`: a serial port, or tcp://HOST:PORT for a gateway.

    `rate`: times a second that a thread reads the gripper, so that `status` and `go` answer at once; with 0 they talk
    to it themselves, which takes some 16 ms on a serial line at 115200 baud.
    """

    def __init__(self, device: str, number: int, rate: float) -> None:
        if device.startswith("tcp://"):
            host, _, port = device.removeprefix("tcp://").rpartition(":")
            self._gripper = library.RobotiqGripper(
                device_id=number, connection_type=library.GRIPPER_MODE_RTU_VIA_TCP, tcp_host=host, tcp_port=int(port)
            )
        else:
            self._gripper = library.RobotiqGripper(com_port=device, device_id=number)
        self._line = threading.Lock()  # one question at a time
        self._newest: tuple[dict[str, int], float] = self._read(), time.monotonic()
        self._wanted: tuple[int, int, int] | None = None
        self._broken = ""
        self._rate = rate
        if rate > 0:
            threading.Thread(target=self._watch, daemon=True).start()

    def status(self) -> tuple[dict[str, int], float]:
        """The registers of STATUS by name, and how many s ago they were read. Raises RobotFault if they cannot be."""
        if self._rate <= 0:
            with self._line:
                return self._read(), 0.0
        if self._broken:
            raise RobotFault(self._broken)
        status, when = self._newest
        return status, time.monotonic() - when

    def go(self, position: int, speed: int, force: int) -> None:
        """Go to `position`, 0 open to 255 closed, at `speed` and `force` of 0 to 255, without waiting."""
        if self._rate > 0:
            if self._broken:
                raise RobotFault(self._broken)
            self._wanted = position, speed, force
        else:
            with self._line:
                self._go(position, speed, force)

    def halt(self) -> None:
        """Stay where the fingers are."""
        with self._line:
            self._wanted = None
            self._gripper.stop(refreshStatus=False, readStatus=False)

    def activate(self) -> dict[str, int]:
        """Reset and activate: the fingers open and close fully. Takes seconds; raises if it comes to no end."""
        with self._line:
            self._wanted = None
            self._gripper.activate()
            self._newest = self._read(), time.monotonic()
            return self._newest[0]

    def close(self) -> None:
        with self._line:
            self._gripper.disconnect()

    def _go(self, position: int, speed: int, force: int) -> None:
        if self._gripper.status(refreshStatus=False)["gSTA"] != _ACTIVATED:
            raise RobotFault("it is not activated.")
        # One exchange that commands and reads; `start` sets the bit that a stop cleared.
        self._gripper.move(position, speed, force, wait=False, start=True)

    def _read(self) -> dict[str, int]:
        # A fault is told, not raised: it has to be seen as a state.
        self._gripper.readStatus(raiseOnFault=False)
        status = self._gripper.status(refreshStatus=False)
        return {name: int(status[name]) for name in STATUS}

    def _watch(self) -> None:
        while True:
            begun = time.monotonic()
            try:
                with self._line:
                    wanted, self._wanted = self._wanted, None
                    if wanted is not None:
                        self._go(*wanted)
                    self._newest = self._read(), begun
                self._broken = ""
            except Exception as error:
                self._broken = f"{type(error).__name__}: {error}"
            time.sleep(max(0.001, 1 / self._rate - (time.monotonic() - begun)))
