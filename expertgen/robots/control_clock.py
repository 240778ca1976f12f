"""What tells a control loop the time: the robot's own clock under emulation, the machine's on hardware."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds of the clock that arm, gripper and cameras date what they tell by. Never goes back."""

    def now(self) -> float: ...

    def sleep_until(self, moment: float) -> None:
        """Return at `moment` or as soon after it as can be; under emulation let the world go on until then."""
        ...


class WallClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        return time.monotonic()

    def sleep_until(self, moment: float) -> None:
        rest = moment - time.monotonic()
        if rest > 0:
            time.sleep(rest)
