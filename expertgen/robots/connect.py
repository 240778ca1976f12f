"""Client libraries in processes of their own: a call that never comes back costs a process, not the program.

libfranka waits up to a minute for an answer, and franky's `Robot()` for ever if the peer closes in mid-handshake. So
whoever drives talks to a session in another process, which can be ended whatever it is doing. An arm or a gripper whose
client ends stops by itself: the arm at once, by its own watch over the stream of commands.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any, Protocol

from expertgen.errors import MissingInput
from expertgen.robots.faults import RobotFault

_ENTRY = "import sys; from expertgen.robots.connect_process import main; main(int(sys.argv[1]))"


class Clock(Protocol):
    """Seconds of the robot's clock. Never goes back."""

    def now(self) -> float: ...

    def sleep_until(self, moment: float) -> None:
        """Return at `moment`, or as soon after it as can be."""
        ...


class MachineClock:
    """The machine's monotonic clock, by which real hardware is dated."""

    def now(self) -> float:
        return time.monotonic()

    def sleep_until(self, moment: float) -> None:
        time.sleep(max(0.0, moment - time.monotonic()))


def require_package(module: str, wanted_by: str) -> None:
    """Raise MissingInput, which says how to install it, unless the package `module` is there. Imports nothing."""
    if importlib.util.find_spec(module) is None:
        raise MissingInput(
            f"{wanted_by} needs the Python package {module}, which is not installed: pip install 'expertgen[robot]'; "
            "see docs/robot_setup.md."
        )


def import_package(module: str, wanted_by: str) -> Any:
    """The package `module`. Raises MissingInput, which says how to install it, or what it lacks of the system."""
    require_package(module, wanted_by)
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingInput(
            f"{wanted_by} cannot load the Python package {module}: {error}. It needs libraries of the system; see "
            "docs/robot_setup.md."
        ) from None


class Client:
    """A session, made of the class `session` ("module:Class") with `options` in a process of its own.

    `name` opens every message. Raises RobotFault for whatever keeps the session from being made within
    `connect_timeout` s of wall time.
    """

    def __init__(self, name: str, session: str, options: dict[str, Any], connect_timeout: float) -> None:
        self.name, self._lock, self._number, self._lost = name, threading.Lock(), 0, ""
        ours, theirs = socket.socketpair()
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ENTRY, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        theirs.close()
        self._pipe = Connection(ours.detach())
        try:
            self._exchange((session, options), connect_timeout, "connect")
        except BaseException as error:
            self._end("it never connected")
            if isinstance(error, RobotFault):
                raise RobotFault(f"{error} {_ADVICE}") from None
            raise

    @property
    def lost(self) -> str:
        """Why there is no connection any more, "" while there is one."""
        return self._lost

    def call(self, method: str, *values: Any, timeout: float) -> Any:
        """What `method` of the session gives for `values`.

        Raises RobotFault with what the session raised; and for an answer that is not there within `timeout` s of wall
        time, or a process that has died: then the process is ended, and so will all later calls.
        """
        with self._lock:
            if self._lost:
                raise RobotFault(f"{self.name}: there is no connection: {self._lost}.")
            return self._exchange((method, values), timeout, method)

    def close(self) -> None:
        """End the process; the session is asked to end well first, for a second."""
        if not self._lost:
            with contextlib.suppress(RobotFault):  # it ends either way
                self.call("close", timeout=1.0)
        with self._lock:
            self._end("it was closed")

    def _exchange(self, order: tuple[Any, ...], timeout: float, what: str) -> Any:
        self._number += 1
        deadline = time.monotonic() + timeout
        try:
            self._pipe.send((self._number, *order))
            while self._pipe.poll(max(0.0, deadline - time.monotonic())):
                number, well, answer = self._pipe.recv()
                if number == self._number:  # not the late answer to a call that a signal broke off
                    break
            else:
                self._end(f"it did not answer to {what!r} within {timeout:g} s")
                raise RobotFault(f"{self.name}: {self._lost}, so its client was ended.")
        except (OSError, EOFError):
            self._end(f"its client ended during {what!r} (exit status {self._status()})")
            raise RobotFault(f"{self.name}: {self._lost}.") from None
        if not well:
            raise RobotFault(f"{self.name}: {answer}")
        return answer

    def _status(self) -> int | None:
        try:
            return self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return None

    def _end(self, why: str) -> None:
        self._lost = self._lost or why
        self._process.kill()
        self._process.wait()
        self._pipe.close()


_ADVICE = "Look at power, cable and address, and whether another program holds the device; see docs/robot_setup.md."
