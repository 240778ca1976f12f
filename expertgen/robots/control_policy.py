"""Asking a policy without waiting for it: what a control loop needs, whatever becomes of the call.

A policy is a callable from what is seen to a chunk of actions (horizon, 10). It may raise, take long, or never come
back: the loop asks, goes on streaming, and looks whether there is an answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Policy = Callable[[object], object]


@dataclass(frozen=True)
class Answer:
    """chunk: whatever the policy gave, unchecked; None if it raised, and `fault` says what. took: s of wall time."""

    number: int
    chunk: object
    fault: str
    took: float


class Asker(Protocol):
    def ask(self, number: int, seen: object, now: float) -> bool:
        """Begin the question `number` at time `now`; False if an earlier one still keeps the policy busy."""
        ...

    def answer(self, now: float) -> Answer | None:
        """The newest answer that is there at `now`, once; None if there is none."""
        ...

    def close(self) -> None: ...


def _call(policy: Policy, number: int, seen: object) -> Answer:
    begun = time.perf_counter()
    try:
        chunk, fault = policy(seen), ""
    except Exception as error:
        chunk, fault = None, f"the policy failed: {error!r}"[:300]
    return Answer(number, chunk, fault, time.perf_counter() - begun)


class InlinePolicy:
    """Calls the policy within `ask`, for a robot whose clock stands still meanwhile. The answer is there `latency` s of
    that clock later, so that its time counts all the same, and the same in every run."""

    def __init__(self, policy: Policy, latency: float = 0.0) -> None:
        self._policy, self._latency = policy, latency
        self._answer: Answer | None = None
        self._ready = 0.0

    def ask(self, number: int, seen: object, now: float) -> bool:
        self._answer, self._ready = _call(self._policy, number, seen), now + self._latency
        return True

    def answer(self, now: float) -> Answer | None:
        if self._answer is None or now < self._ready - 1e-9:
            return None
        answer, self._answer = self._answer, None
        return answer

    def close(self) -> None:
        """Nothing runs."""


class ThreadPolicy:
    """Calls the policy in a thread of its own, for a robot whose time goes on. A call that hangs keeps that thread and
    nothing else: further questions are refused, the loop holds, then aborts. Code that never lets go of Python's lock
    stops the loop too; ProcessPolicy and the Supervisor are for that."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._question: tuple[int, object] | None = None
        self._answer: Answer | None = None
        self._condition, self._busy, self._closed = threading.Condition(), False, False
        threading.Thread(target=self._work, name="policy", daemon=True).start()

    def ask(self, number: int, seen: object, now: float) -> bool:
        with self._condition:
            if self._busy or self._closed:
                return False
            self._question, self._busy = (number, seen), True
            self._condition.notify()
            return True

    def answer(self, now: float) -> Answer | None:
        with self._condition:
            answer, self._answer = self._answer, None
            return answer

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify()

    def _work(self) -> None:
        while True:
            with self._condition:
                while self._question is None and not self._closed:
                    self._condition.wait()
                if self._closed or self._question is None:
                    return
                (number, seen), self._question = self._question, None
            answer = _call(self._policy, number, seen)
            with self._condition:
                self._answer, self._busy = answer, False
