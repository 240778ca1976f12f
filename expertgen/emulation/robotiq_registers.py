"""What a Robotiq 2F-85 does with its registers: activation, motion, what it holds, faults. Knows of no wire."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

OPENED, CLOSED, WIDTH = 3, 230, 0.085  # positions told when fully open and closed; m
SLOWEST, FASTEST = 0.02, 0.15  # m/s, of the distance between the fingers
WEAKEST, STRONGEST = 20.0, 235.0  # N
ACTIVATING = 0.8  # s


class Fingers(Protocol):
    """What the registers move: a model, or the fingers of a simulated world."""

    def width(self) -> float:
        """m between them, now."""
        ...

    def go(self, width: float, speed: float, force: float) -> None:
        """Go towards `width` m at `speed` m/s with `force` N from now on."""
        ...

    def stay(self) -> None: ...

    def blocked(self) -> bool:
        """Whether something stopped them short of where they go to."""
        ...


class ModelFingers:
    """Fingers that move evenly and stop at an object of `object_width` m, 0 for none, which may be set at any time."""

    def __init__(self, now: Callable[[], float], width: float = WIDTH) -> None:
        self.object_width = 0.0
        self._now, self._width, self._goal, self._speed, self._since = now, width, width, 0.0, now()

    def width(self) -> float:
        now = self._now()
        step, self._since = self._speed * (now - self._since), now
        way = self._goal - self._width
        width = self._width + max(-step, min(step, way))
        if way < 0 and self._width >= self.object_width:
            width = max(width, self.object_width)
        self._width = width
        return width

    def go(self, width: float, speed: float, force: float) -> None:
        self.width()
        self._goal, self._speed = width, speed

    def stay(self) -> None:
        self._goal = self.width()

    def blocked(self) -> bool:
        return self.object_width > 0 and self.width() <= self.object_width and self._goal < self._width - 1e-9


class Registers:
    """Three 16-bit registers to write, three to read, as the gripper's manual has them."""

    def __init__(self, fingers: Fingers, now: Callable[[], float], activated: bool = False) -> None:
        self.fingers, self._now, self._lock = fingers, now, threading.Lock()
        self._written = [0x0900 if activated else 0, 0, 0]
        self._begun = now() - ACTIVATING if activated else None  # when the activation began
        self._fault = 0
        self._opening = False

    def break_down(self, fault: int) -> None:
        """Report `fault` (gFLT) and let the fingers stay, until it is reset."""
        with self._lock:
            self._fault = fault
            self.fingers.stay()

    def emergency_stop(self) -> None:
        """Its power goes and comes back: it has forgotten its activation."""
        with self._lock:
            self._written, self._begun, self._fault = [0, 0, 0], None, 5
            self.fingers.stay()

    def write(self, offset: int, values: list[int]) -> None:
        with self._lock:
            before = self._bits()
            self._written[offset : offset + len(values)] = values
            active, going = self._bits()
            if not active:
                self._begun, self._fault = None, 0
                self.fingers.stay()
            elif not before[0]:
                self._begun = self._now()
                self.fingers.go(WIDTH, FASTEST, WEAKEST)  # it ends open
            if going and active and self._status() == 3 and not self._fault:
                self._move()
            elif before[1] and not going:
                self.fingers.stay()
            elif going and not active:
                self._fault = 7

    def read(self) -> list[int]:
        with self._lock:
            active, going = self._bits()
            width, status = self.fingers.width(), self._status()
            position = round(CLOSED + width / WIDTH * (OPENED - CLOSED))
            asked = self._written[1] & 0xFF
            first = self._object(position, asked, going) << 6 | status << 4 | (going and status == 3) << 3 | active
            return [first << 8, self._fault << 8 | asked, max(0, min(255, position)) << 8]

    def _bits(self) -> tuple[int, int]:
        """rACT and rGTO."""
        return self._written[0] >> 8 & 1, self._written[0] >> 11 & 1

    def _status(self) -> int:
        if self._begun is None:
            return 0
        return 3 if self._now() - self._begun >= ACTIVATING else 1

    def _move(self) -> None:
        asked, speed, force = self._written[1] & 0xFF, self._written[2] >> 8 & 0xFF, self._written[2] & 0xFF
        goal = WIDTH * max(0.0, min(1.0, (CLOSED - asked) / (CLOSED - OPENED)))
        self._opening = goal > self.fingers.width()
        self.fingers.go(goal, SLOWEST + (FASTEST - SLOWEST) * speed / 255,
                        WEAKEST + (STRONGEST - WEAKEST) * force / 255)  # fmt: skip

    def _object(self, position: int, asked: int, going: int) -> int:
        """gOBJ: 0 moving, 1 or 2 stopped by something while opening or closing, 3 where it was to go."""
        if not going or self._status() != 3:
            return 0
        if self.fingers.blocked():
            return 1 if self._opening else 2
        return 3 if abs(position - max(OPENED, min(CLOSED, asked))) <= 1 else 0
