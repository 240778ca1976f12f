"""The real client, as a driver would hold it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import franky
import numpy as np

from expertgen.emulation.remote import EmulatedClock, Remote

READY = np.array([0.0, -0.26, 0.0, -2.43, 0.0, 2.17, np.pi / 4])
STIFFNESS = {"translational_stiffness": 2000.0, "rotational_stiffness": 150.0}


def connect(world: Remote) -> Any:
    robot = franky.Robot(world.host, realtime_config=franky.RealtimeConfig.Ignore)
    robot.relative_dynamics_factor = 0.3
    return robot


def place(robot: Any) -> np.ndarray:
    return np.array(robot.current_pose.end_effector_pose.translation)


@contextlib.contextmanager
def tracking(world: Remote, robot: Any, clock: EmulatedClock | None = None) -> Iterator[Callable[..., None]]:
    """Yields a function that streams a target (3,) m for so many steps of 10 ms; the clock is owned meanwhile."""
    clock = clock or EmulatedClock(world)
    clock.motions = world.ask("state")["motions"] + 1
    tracker = franky.CartesianImpedanceTracker(robot, **STIFFNESS)
    turn = robot.current_pose.end_effector_pose.quaternion

    def stream(target: np.ndarray, steps: int = 1) -> None:
        for _ in range(steps):
            tracker.set_target(franky.Affine(target, turn))
            clock.sleep_until(clock.now() + 0.01)
            robot.poll_motion()

    try:
        yield stream
    finally:
        clock.free()
        tracker.stop()
