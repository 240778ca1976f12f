"""The process that a client library runs in: it makes one session and calls its methods, one at a time."""

from __future__ import annotations

import importlib
import os
import signal
from multiprocessing.connection import Connection
from typing import Any

from expertgen.errors import ExpertGenError


def main(descriptor: int) -> None:
    """Serve the program at the other end until it closes or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the program stops the robot
    pipe = Connection(descriptor)
    try:
        number, where, options = pipe.recv()
        module, _, name = where.partition(":")
        session = _answer(pipe, number, lambda: getattr(importlib.import_module(module), name)(**options), shown=False)
        while session is not None:
            number, method, values = pipe.recv()
            _answer(pipe, number, lambda m=method, v=values: getattr(session, m)(*v))
            if method == "close":
                break
    except (EOFError, OSError):
        pass  # the program is gone; the device stops when this process is
    os._exit(0)  # threads of the libraries may never end


def _answer(pipe: Connection, number: int, work: Any, shown: bool = True) -> Any:
    try:
        value = work()
    except Exception as error:
        told = str(error) if isinstance(error, ExpertGenError) else f"{type(error).__name__}: {error}"
        pipe.send((number, False, told))
        return None
    pipe.send((number, True, value if shown else None))
    return value
