"""What a steering run reports while it learns."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from expertgen.learn.fasttd3 import Losses

_WINDOW = 512  # episodes


@dataclass(frozen=True)
class Progress:
    """After one vector step. None stands for what has not happened yet."""

    decisions: int  # chunks executed, over all environments
    wall_time_s: float  # collecting and learning, over all resumed parts; without evaluations
    episodes: int  # finished
    success: float | None  # of recent episodes under exploration, see RecentSuccess
    gaussian_success: float | None  # of recent episodes in the environments that always draw Gaussian noise
    losses: Losses | None  # of the latest updates, with the mean value and the mean |u|
    evaluation: dict[str, Any] | None  # this step's point of the learning curve, if there is one


class RecentSuccess:
    """The share of successes among the last 512 finished episodes.

    Biased upwards while it fills if success ends episodes: short episodes finish first.
    """

    def __init__(self) -> None:
        self._outcomes: deque[int] = deque(maxlen=_WINDOW)

    def add(self, outcomes: Iterable[bool]) -> None:
        self._outcomes.extend(int(outcome) for outcome in outcomes)

    def share(self) -> float | None:
        return sum(self._outcomes) / len(self._outcomes) if self._outcomes else None

    def state(self) -> list[int]:
        return list(self._outcomes)

    def restore(self, state: list[int]) -> None:
        self._outcomes = deque(state, maxlen=_WINDOW)
