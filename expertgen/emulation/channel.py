"""A line of JSON in, a line of JSON out: what people and programs beside the robot may see and do, over TCP.

It is the operator's hands and eyes, not the robot's: nothing of it exists on hardware.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any

PORT = 1339
_LONGEST = 1_000_000  # bytes of a request


class Caller:
    """One connection. `reply` answers its request, now or later."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.buffer = connection, b""

    def reply(self, **values: Any) -> None:
        # A caller that went away, or does not read, is let be: its connection tells.
        with contextlib.suppress(OSError):
            self.connection.sendall(json.dumps(values).encode() + b"\n")


class Channel:
    """Listens at `host`; `answer(caller, request)` is called for each request, `left(caller)` when one goes."""

    def __init__(self, host: str, answer: Callable[[Caller, dict[str, Any]], None], left: Callable[[Caller], None]):
        self._answer, self._left = answer, left
        self._listener = socket.create_server((host, PORT))
        self._listener.setblocking(False)
        self._callers: list[Caller] = []

    @property
    def sockets(self) -> list[socket.socket]:
        return [self._listener, *(caller.connection for caller in self._callers)]

    def serve(self, ready: list[socket.socket]) -> None:
        """Take in what has come on those of `sockets` that are `ready`."""
        if self._listener in ready:
            connection, _ = self._listener.accept()
            connection.settimeout(1.0)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._callers.append(Caller(connection))
        for caller in [caller for caller in self._callers if caller.connection in ready]:
            try:
                came = caller.connection.recv(65536)
            except OSError:
                came = b""
            caller.buffer += came
            if not came or len(caller.buffer) > _LONGEST:
                self._drop(caller)
                continue
            *lines, caller.buffer = caller.buffer.split(b"\n")
            for line in lines:
                self._take(caller, line)

    def _take(self, caller: Caller, line: bytes) -> None:
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("expected an object")
        except ValueError as error:
            caller.reply(error=f"not a request: {error}")
            return
        self._answer(caller, request)

    def _drop(self, caller: Caller) -> None:
        self._callers.remove(caller)
        caller.connection.close()
        self._left(caller)

    def close(self) -> None:
        for one in self.sockets:
            one.close()
        self._callers = []
