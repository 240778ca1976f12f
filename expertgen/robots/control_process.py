"""A policy in a process of its own, which can be ended whatever it does: hang, crash, or keep Python's lock."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from expertgen.robots.control_policy import Answer, Policy, ThreadPolicy


class ProcessPolicy:
    """`make(*args)` gives the policy, within the process: both have to be picklable, as what is seen and the chunks.

    A thread waits for the process, so that the loop waits for neither.
    """

    def __init__(self, make: Callable[..., Policy], *args: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, make, args), daemon=True)
        self._process.start()
        other.close()
        self._thread = ThreadPolicy(self._through)

    def ask(self, number: int, seen: object, now: float) -> bool:
        return self._thread.ask(number, seen, now)

    def answer(self, now: float) -> Answer | None:
        return self._thread.answer(now)

    def close(self) -> None:
        """End the process, at once and in whatever state."""
        self._thread.close()
        self._process.kill()
        self._process.join()

    def _through(self, seen: object) -> object:
        try:
            self._pipe.send(seen)
            chunk, fault = self._pipe.recv()
        except (EOFError, OSError) as error:
            self._process.join(1)
            raise RuntimeError(f"its process has ended ({self._process.exitcode})") from error
        if fault:
            raise RuntimeError(fault)
        return chunk


def _serve(pipe: Connection, make: Callable[..., Policy], args: tuple[Any, ...]) -> None:
    policy, broken = None, ""
    try:
        policy = make(*args)
    except Exception as error:
        broken = f"it could not be made: {error!r}"[:300]
    while True:
        try:
            seen = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((policy(seen), "") if policy is not None else (None, broken))
        except Exception as error:
            pipe.send((None, repr(error)[:300]))
