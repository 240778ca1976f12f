"""Fingers take time: whether they are still on their way to what a control loop told them last."""

from __future__ import annotations

from expertgen.robots.robot import GripperState

_BEGIN = 0.1  # s that fingers may take to begin
_NEAR = 5e-3  # m: nearer to what they are told, they hardly move
_STILL = 5e-4  # m, by which their width may change between two looks while they rest


class Fingers:
    """They rest once two looks at them tell the same width, and count as resting `most` s after they were told."""

    def __init__(self, most: float) -> None:
        self._most, self._since = most, float("nan")
        self._last: GripperState | None = None
        self.moving = False

    def told(self, width: float, now: float, state: GripperState | None) -> None:
        """They were told a new width (m), in the `state` they were in."""
        self._since, self._last = now, None
        self.moving = self._most > 0 and state is not None and abs(state.width - width) > _NEAR

    def rest(self) -> None:
        """Nobody waits for them."""
        self.moving = False

    def still_on_their_way(self, now: float, state: GripperState | None) -> bool:
        """Look at them; False once they rest, and from then on."""
        passed, last = now - self._since, self._last
        if state is not None and (last is None or state.time > last.time):
            self._last = state
            same = last is not None and abs(state.width - last.width) < _STILL
            self.moving = not (same and passed > _BEGIN)
        if state is None or passed > self._most:
            self.moving = False
        return self.moving
