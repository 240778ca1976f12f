"""Which action is due: chunks of a policy, asked for in time and played one action a period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from expertgen.params.robot import PolicyCallParams
from expertgen.robots.control_eyes import Sight
from expertgen.robots.control_policy import Asker


@dataclass(frozen=True)
class _Question:
    number: int
    period: int  # in which it was asked; the answer's first action is for that one
    seen: float
    asked: float


@dataclass(frozen=True)
class _Chunk:
    actions: object
    period: int
    seen: float

    def action(self, period: int) -> object:
        """The action of a `period`. What is no list of actions is handed on whole, for the filter to refuse."""
        try:
            actions = np.asarray(self.actions)
        except Exception:
            return self.actions
        return actions[period - self.period] if actions.ndim == 2 and len(actions) else self.actions

    def length(self) -> int:
        try:
            return max(len(self.actions), 1)  # type: ignore[arg-type]
        except TypeError:
            return 1


class Chunks:
    """Asks `asker` for the next chunk when `ahead` actions of the present one are left. `missing` tells why there is no
    action; `took` holds the policy's times, s."""

    def __init__(self, asker: Asker, params: PolicyCallParams) -> None:
        self._asker, self._params = asker, params
        self._period, self._number = 0, 0
        self._chunk: _Chunk | None = None
        self._next: _Chunk | None = None
        self._question: _Question | None = None
        self.missing = ""
        self.took: list[float] = []

    def ready(self, now: float, see: Callable[[], Sight]) -> Literal["action", "wait", "none"]:
        """Whether this period's action is there, may still come, or is not to be had. Asks where it is time to.

        Lets the RobotFault of `see` through.
        """
        self._collect(now)
        if self._left() <= self._params.ahead and self._question is None and self._next is None and not self.missing:
            sight = see()
            self._number += 1
            if self._asker.ask(self._number, sight.seen, now):
                self._question = _Question(self._number, self._period, sight.time, now)
            else:
                self.missing = "the policy is still busy with an earlier question"
            self._collect(now)
        if self._left() > 0:
            return "action"
        if self._question is not None and now - self._question.asked < self._params.patience - 1e-9:
            return "wait"
        if self._question is not None:
            self.missing = f"the policy has not answered for {now - self._question.asked:.3g} s"
        return "none"

    def take(self) -> tuple[object, float]:
        """This period's action, and when that was seen from which it was predicted; (None, nan) if there is none."""
        if self._chunk is None or self._left() <= 0:
            return None, float("nan")
        return self._chunk.action(self._period), self._chunk.seen

    def advance(self) -> None:
        """The next period begins."""
        self._period += 1

    def drop(self) -> None:
        """Forget chunk and question: after a hold the policy is asked anew, about what is seen then."""
        self._chunk = self._next = self._question = None
        self.missing = ""

    def _left(self) -> int:
        if self._chunk is None:
            return 0
        return min(self._params.execute, self._chunk.length()) - (self._period - self._chunk.period)

    def _collect(self, now: float) -> None:
        answer = self._asker.answer(now)
        if answer is not None and self._question is not None and answer.number == self._question.number:
            question, self._question = self._question, None
            self.took.append(answer.took)
            if answer.fault:
                self.missing = answer.fault
            else:
                self._next = _Chunk(answer.chunk, question.period, question.seen)
        if self._left() <= 0 and self._next is not None:
            self._chunk, self._next = self._next, None
