"""From targets a control period apart to a stream of them: straight segments that are played at 100 Hz or more.

Positions go along a straight line, rotations along the shortest arc of SO(3); both by one share of the way, so whatever
box holds both ends holds all that is streamed. A segment whose target is not renewed rests at its end; `brake` comes to
rest from the speed there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from expertgen.geometry import rotation_log
from expertgen.robots.robot import Array, ToolTarget

Profile = Literal["linear", "quintic", "brake"]
# Share of the time → share of the way, and its slope.
_SHARES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "linear": (lambda s: s, lambda s: 1.0),
    "quintic": (lambda s: s**3 * (10 - 15 * s + 6 * s * s), lambda s: 30 * (s * (1 - s)) ** 2),
    "brake": (lambda s: s * (2 - s), lambda s: 2 * (1 - s)),
}


def rotation_exp(vector: Array) -> Array:
    """Rotation vector (3,) in rad → rotation (3, 3), by Rodrigues' formula."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    # sin(a)/a and (1 - cos(a))/a^2, which sinc keeps exact at zero
    return np.asarray(np.eye(3) + np.sinc(angle / np.pi) * cross
                      + 0.5 * np.sinc(angle / (2 * np.pi)) ** 2 * (cross @ cross))  # fmt: skip


def between(start: ToolTarget, end: ToolTarget, share: float) -> ToolTarget:
    """The target a `share` in [0, 1] of the way from one to the other; exactly either at its ends."""
    if share <= 0:
        return start
    if share >= 1:
        return end
    arc = rotation_log(start.rotation.T @ end.rotation)
    low, high = np.minimum(start.position, end.position), np.maximum(start.position, end.position)
    # Clipped, because the last bit of a sum may lie outside of what both ends lie in.
    position = np.clip(start.position + share * (end.position - start.position), low, high)
    return ToolTarget(position, start.rotation @ rotation_exp(share * arc))


@dataclass(frozen=True)
class Segment:
    """From `start` at time `begin` to `end` within `seconds`."""

    start: ToolTarget
    end: ToolTarget
    begin: float
    seconds: float
    profile: Profile

    def _share(self, now: float) -> float:
        return 1.0 if self.seconds <= 0 else min(max((now - self.begin) / self.seconds, 0.0), 1.0)

    def at(self, now: float) -> ToolTarget:
        return between(self.start, self.end, _SHARES[self.profile][0](self._share(now)))

    def velocity(self, now: float) -> Array:
        """(6,): m/s and rad/s, base frame; after its end that of its last moment."""
        if self.seconds <= 0 or now < self.begin:
            return np.zeros(6)
        way = self.end.position - self.start.position
        arc = self.start.rotation @ rotation_log(self.start.rotation.T @ self.end.rotation)
        return np.asarray(np.concatenate([way, arc]) * _SHARES[self.profile][1](self._share(now)) / self.seconds)


class Interpolator:
    """Plays one segment after the other; knows at what speed the target moves."""

    def __init__(self, at: ToolTarget, profile: Literal["linear", "quintic"]) -> None:
        self._profile, self._segment = profile, Segment(at, at, 0.0, 0.0, profile)

    def go(self, start: ToolTarget, end: ToolTarget, begin: float, seconds: float) -> None:
        """Be at `end` in `seconds` from `begin`, from `start`: where the arm was really sent last."""
        self._segment = Segment(start, end, begin, seconds, self._profile)

    def brake(self, start: ToolTarget, end: ToolTarget, begin: float, seconds: float) -> None:
        """Come to rest at `end` within `seconds` from `begin`, ever slower."""
        self._segment = Segment(start, end, begin, seconds, "brake")

    @property
    def end(self) -> ToolTarget:
        """Where the target goes."""
        return self._segment.end

    def at(self, now: float) -> ToolTarget:
        return self._segment.at(now)

    def done(self, now: float) -> bool:
        return now >= self._segment.begin + self._segment.seconds

    def velocity(self, now: float) -> Array:
        """(6,) at which the target moves at `now`; zero once it rests."""
        return np.zeros(6) if now > self._segment.begin + self._segment.seconds + 1e-9 else self._segment.velocity(now)
