"""The other end of an emulation's channel: what tests, trials and emulated cameras and grippers hold."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import numpy as np

from expertgen.emulation.channel import PORT
from expertgen.emulation.snapshot import Snapshot
from expertgen.robots.faults import RobotFault

PATIENCE = 60.0  # s of wall time for an answer


class Remote:
    """A connection to the emulation at `host`; usable from any thread, one request at a time. Take one for each thread
    that must not wait for another. Raises RobotFault where nothing answers or a request is refused."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host, self._lock = host, threading.Lock()
        try:
            self._socket = socket.create_connection((host, PORT), timeout=PATIENCE)
        except OSError as error:
            raise RobotFault(f"No emulation at {host}: {error}. Start one: expertgen robot emulate TASK.") from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def ask(self, what: str, **values: Any) -> dict[str, Any]:
        """One request and its answer; see `operations`."""
        with self._lock:
            try:
                self._socket.sendall(json.dumps({"do": what, **values}).encode() + b"\n")
                line = self._file.readline()
            except OSError as error:
                raise RobotFault(f"The emulation at {self.host} does not answer: {error}.") from None
        if not line:
            raise RobotFault(f"The emulation at {self.host} has ended.")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RobotFault(f"The emulation refuses {what!r}: {answer['error']}.")
        return answer

    def snapshot(self, age: float = 0.0) -> Snapshot:
        """The world `age` s ago."""
        told = self.ask("state", age=age)
        values = (np.array(told[name]) for name in ("joints", "fingers", "objects", "start"))
        return Snapshot(told["time"], *values)

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class EmulatedClock:
    """The emulation's clock, owned: a control loop's `now` and `sleep_until` (robots.control_clock.Clock).

    Between calls the world stands still. `motions` and `hand_commands`, for who has just begun or sent one: time passes
    only once the arm has begun so many motions, the hand been given so many commands, since the emulation began.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._now = float(remote.ask("take")["time"])
        self.motions = self.hand_commands = 0

    def now(self) -> float:
        return self._now

    def sleep_until(self, moment: float) -> None:
        need = {"motions": self.motions, "hand_commands": self.hand_commands}
        rest = moment - self._now
        if rest > 0:
            self._now = float(self._remote.ask("advance", seconds=rest, need=need)["time"])

    def free(self) -> None:
        """Let time pass by itself, while the arm moves: for moves that block, such as to a start."""
        self._remote.ask("free")

    def take(self) -> None:
        """Own it again."""
        self._now = float(self._remote.ask("take")["time"])
