"""A robot of pure Python behind the protocols of expertgen.robots: an arm that follows its targets with a lag, a
gripper, three cameras of noise, and a clock that all of them go by. It feels no forces and has no limits of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from expertgen.geometry import rotation_to_6d
from expertgen.params import RobotParams
from expertgen.robots.control_clock import Clock
from expertgen.robots.faults import RobotFault
from expertgen.robots.kinematics import Tool, forward, solve
from expertgen.robots.robot import Arm, ArmState, Camera, Frame, Gripper, GripperState, ToolTarget

HOME = np.array([0.0, -np.pi / 4, 0.0, -3 * np.pi / 4, 0.0, np.pi / 2, np.pi / 4])
_C = np.cos(np.pi / 4)
TOOL = Tool(np.array([0.0, 0.0, 0.1034]), np.array([[_C, _C, 0.0], [-_C, _C, 0.0], [0.0, 0.0, 1.0]]))  # Franka hand
_LAG, _SPEED = 0.05, 0.1  # s; m/s of the gripper
_FRAMES, _DELAY = 30.0, 0.02  # 1/s; s from exposure until a picture is there


@dataclass
class Rig:
    """A robot as the injector and the benchmark take it. `picture` makes what `policy` is shown."""

    arm: Arm
    gripper: Gripper
    cameras: Sequence[Camera]
    clock: Clock
    policy: Callable[[Any], Any]
    picture: Callable[[Sequence[Frame], ArmState, GripperState | None], Any]
    close: Callable[[], None] = field(default=lambda: None)


class KinematicWorld:
    """Clock and arm in one: time goes on in `sleep_until` alone, and the arm with it."""

    def __init__(self) -> None:
        self._now, self.joints, self.mode = 100.0, HOME.copy(), "idle"
        self._goal = HOME.copy()

    def now(self) -> float:
        return self._now

    def sleep_until(self, moment: float) -> None:
        passed = max(moment - self._now, 0.0)
        self.joints = self.joints + (self._goal - self.joints) * (1 - np.exp(-passed / _LAG))
        self._now += passed

    def observe(self) -> ArmState:
        position, rotation, _ = forward(self.joints, TOOL)
        zeros = np.zeros(7)
        return ArmState(self._now, self.joints.copy(), zeros, position, rotation, np.zeros(6), zeros, self.mode)  # type: ignore[arg-type]

    def send(self, target: ToolTarget) -> ToolTarget:
        if self.mode == "stopped":
            raise RobotFault("The arm was stopped.")
        self._goal = solve(self._goal, target.position, target.rotation, TOOL, iterations=2).joints
        self.mode = "moving"
        return target

    def stop(self) -> None:
        self._goal, self.mode = self.joints.copy(), "stopped"

    def recover(self) -> None:
        self.mode = "idle"

    def move_to_joints(self, joints: np.ndarray, speed: float) -> None:
        self.joints, self._goal = joints.copy(), joints.copy()

    def close(self) -> None:
        """Nothing is open."""


class KinematicGripper:
    def __init__(self, clock: Clock) -> None:
        self._clock, self._width, self._goal, self._since = clock, 0.08, 0.08, clock.now()

    def _at(self) -> float:
        gone = _SPEED * (self._clock.now() - self._since)
        return float(self._width + np.clip(self._goal - self._width, -gone, gone))

    def observe(self) -> GripperState:
        width = self._at()
        return GripperState(self._clock.now(), width, width != self._goal, False)

    def send(self, width: float) -> float:
        self._width, self._since, self._goal = self._at(), self._clock.now(), width
        return width

    def stop(self) -> None:
        self.send(self._at())

    def recover(self) -> None:
        """It has no faults of its own."""

    def close(self) -> None:
        """Nothing is open."""


class NoiseCamera:
    def __init__(self, clock: Clock, serial: str) -> None:
        self._clock, self.serial, self.intrinsics = clock, serial, np.eye(3)

    def observe(self) -> Frame:
        number = int((self._clock.now() - _DELAY) * _FRAMES + 1e-6)
        colour = np.random.default_rng([number, ord(self.serial[-1])]).integers(0, 255, (4, 4, 3), dtype=np.uint8)
        return Frame(number / _FRAMES, number, self.serial, colour, np.ones((4, 4), np.float32))

    def close(self) -> None:
        """Nothing is open."""


def wandering(seed: int, period: float) -> Callable[[Any], np.ndarray]:
    """A policy that is always on its way: chunks (8, 10) towards a point on an ellipse, at about 0.15 m/s, turning."""
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    centre, down = np.array([0.45, 0.0, 0.3]), forward(HOME, TOOL)[1]

    def act(seen: Any) -> np.ndarray:
        time, position = seen
        chunk = np.empty((8, 10))
        for i in range(8):
            angle = phase + 1.2 * (time + (i + 1) * period)
            goal = centre + np.array([0.08 * np.cos(angle), 0.12 * np.sin(angle), 0.06 * np.sin(2 * angle)])
            way = goal - position
            position = position + way * min(1.0, 0.015 / max(float(np.linalg.norm(way)), 1e-9))
            turn = 0.2 * np.sin(angle)
            c, s = np.cos(turn), np.sin(turn)
            rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) @ down
            chunk[i] = [*position, *rotation_to_6d(rotation), 1.0 if np.sin(angle) > 0 else -1.0]
        return chunk

    return act


def make(seed: int, params: RobotParams) -> Rig:
    """A rig at its start pose."""
    world = KinematicWorld()
    cameras = [NoiseCamera(world, name) for name in ("camera1", "camera2", "camera3")]
    policy = wandering(seed, 1 / params.rates.control)
    return Rig(world, KinematicGripper(world), cameras, world, policy,
               lambda frames, arm, gripper: (arm.time, arm.position))  # fmt: skip
