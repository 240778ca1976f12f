"""What franky is asked of Franka's hand. Runs in a process of its own (connect.Client)."""

from __future__ import annotations

from typing import Any

import franky

from expertgen.robots.faults import RobotFault


class FrankaHandSession:
    """A connection to the hand of the arm at `address`. speed in m/s, force in N; patience in s, with which it waits
    for the hand to answer an order that was broken off."""

    def __init__(self, address: str, speed: float, force: float, patience: float) -> None:
        self._hand = franky.Gripper(address)
        self._speed, self._force, self._patience = speed, force, patience
        self._future: Any = None
        self._fault = ""

    def state(self) -> dict[str, Any]:
        """width and largest width in m, whether it moves on this program's word, whether it grasps, and its fault."""
        self._collect()
        state = self._hand.state
        return {"width": state.width, "largest": state.max_width, "moving": self._future is not None,
                "grasped": state.is_grasped, "fault": self._fault}  # fmt: skip

    def go(self, width: float) -> None:
        """Close onto what is there, with the set force, or open, without waiting."""
        self._end()
        now = self._hand.state
        if width < now.width:
            # Any width is a grasp: the hand goes on pushing where it is stopped.
            self._future = self._hand.grasp_async(width, self._speed, self._force, 1.0, 1.0)
        else:
            self._future = self._hand.move_async(width, self._speed)

    def halt(self) -> None:
        self._end()
        self._hand.stop()

    def home(self) -> None:
        """Begin to open and close fully, by which the hand learns its largest width."""
        self._end()
        self._fault = ""
        self._future = self._hand.homing_async()

    def close(self) -> None:
        self._end()

    def _end(self) -> None:
        """Break off what it does: it takes one order at a time."""
        self._collect()
        if self._future is not None:
            self._hand.stop()
            # franky lets go of an order when the hand has answered it, and would wait for ever.
            if not self._future.wait(self._patience):
                raise RobotFault("it was stopped and has not answered what it did before.")
            self._future = None

    def _collect(self) -> None:
        if self._future is None or not self._future.wait(0.0):
            return
        future, self._future = self._future, None
        try:
            future.get()  # False: it came to rest elsewhere, which its width tells
        except Exception as error:
            self._fault = f"{type(error).__name__}: {error}"
