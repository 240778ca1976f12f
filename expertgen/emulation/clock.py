"""Who lets time pass: nobody in particular, or whoever on the channel took the clock."""

from __future__ import annotations

from collections.abc import Callable

from expertgen.emulation.channel import Caller
from expertgen.emulation.world import STEP


class Clock:
    """`steps()`: of the world so far. `told(what)`: whether something that an advance waits for has come."""

    def __init__(self, steps: Callable[[], int], told: Callable[[dict[str, int]], bool]) -> None:
        self._steps, self._told = steps, told
        self.owner: Caller | None = None
        self._until, self._need = 0, dict[str, int]()
        self._waits = False

    @property
    def taken(self) -> bool:
        return self.owner is not None

    def take(self, caller: Caller) -> None:
        """Time stands still but for what `caller` lets pass."""
        self.owner, self._until, self._waits = caller, self._steps(), False

    def free(self) -> None:
        """Nobody owns the clock; whoever waits for a moment is told that it will not come."""
        if self.owner is not None and self._waits:
            self.owner.reply(error="the clock was let go")
        self.owner, self._waits = None, False

    def advance(self, seconds: float, need: dict[str, int]) -> None:
        """Let `seconds` pass, once what `need` names has come; then the owner is told."""
        self._until, self._need, self._waits = self._steps() + max(round(seconds / STEP), 0), need, True
        self.passed()

    def open(self) -> bool:
        """Whether the next step may be taken now."""
        return self._waits and self._steps() < self._until and self._told(self._need)

    def passed(self) -> None:
        """After a step: tell the owner if its moment has come."""
        if self._waits and self.owner is not None and self._steps() >= self._until and self._told(self._need):
            self._waits = False
            self.owner.reply(time=self._steps() * STEP)
