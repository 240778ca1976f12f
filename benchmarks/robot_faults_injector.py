"""Faults put between a control loop and any robot: wrappers of its arm, gripper, cameras and policy, which stand for
them until the fault's moment and lie, fail or fall silent from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from expertgen.geometry import rotation_from_6d, rotation_to_6d
from expertgen.robots.control_clock import Clock
from expertgen.robots.control_policy import Answer, Asker
from expertgen.robots.faults import RobotFault
from expertgen.robots.interpolation import rotation_exp
from expertgen.robots.robot import Arm, ArmState, Camera, Frame, Gripper, GripperState, ToolTarget

KINDS = {
    "action: NaN": "one or all numbers of an action are NaN",
    "action: infinity": "a number of an action is infinite",
    "action: wrong shape": "actions have nine or eleven numbers, or none",
    "action: jump": "an action lies 0.25 to 0.6 m away",
    "action: turn": "an action is turned by 0.9 to 3 rad",
    "policy: late": "an answer comes 0.05 to 0.4 s after the loop's patience",
    "policy: hangs": "no answer ever comes",
    "policy: raises": "the call ends in an error",
    "camera: dropped": "a camera's driver says that it is lost",
    "camera: frozen": "a camera gives the same frame for ever",
    "camera: still picture": "new frames show the very same picture",
    "arm: link lost": "observe, send and stop fail",
    "arm: send fails": "send fails, observe goes on",
    "arm: stale state": "observe tells the same state for ever",
    "arm: NaN state": "a number of the state is NaN",
    "arm: state jumps": "the reported tool leaps by 0.03 to 0.3 m",
    "arm: reflex": "the arm reports a reflex and takes no targets",
    "arm: force": "80 to 200 N on the tool",
    "arm: emergency stop": "the arm reports that it was stopped",
    "operator: stop": "stop() from outside the loop",
    "gripper: fault": "the gripper reports a fault",
    "gripper: lost": "the gripper's driver says that it is lost",
}


@dataclass
class Injection:
    """One fault of a kind, from the moment `at` on; `began`: when it first showed. `once`: one action, not all later
    ones. `operator` is what stops the loop from outside."""

    kind: str
    at: float
    clock: Clock
    draw: np.random.Generator
    once: bool
    began: float | None = None
    operator: Callable[[], None] = field(default=lambda: None)

    def on(self, *kinds: str) -> bool:
        """Whether this is one of those kinds, and its time has come."""
        if self.kind not in kinds or self.clock.now() < self.at:
            return False
        self.began = self.at
        return True


class FaultyArm:
    """Records all that reaches `arm`: `sent`, of times and targets; `stopped`, when first."""

    def __init__(self, arm: Arm, injection: Injection) -> None:
        self._arm, self._injection = arm, injection
        self._last: ArmState | None = None
        self._offset: np.ndarray | None = None
        self.sent: list[tuple[float, ToolTarget]] = []
        self.stopped: float | None = None

    def observe(self) -> ArmState:
        on = self._injection.on
        if on("arm: link lost"):
            raise RobotFault("The arm does not answer.")
        if on("operator: stop"):
            self._injection.operator()
        state = self._arm.observe()
        if on("arm: stale state") and self._last is not None:
            return self._last
        self._last = state
        if on("arm: NaN state"):
            name = ("joints", "position", "wrench", "joint_velocities")[int(self._injection.at * 1e3) % 4]
            values = getattr(state, name).copy()
            values[int(self._injection.at * 1e4) % len(values)] = np.nan
            return replace(state, **{name: values})
        if on("arm: state jumps"):
            if self._offset is None:
                self._offset = _away(self._injection.draw, 0.03, 0.3)
            return replace(state, position=state.position + self._offset)
        if on("arm: reflex"):
            return replace(state, mode="reflex", errors=("cartesian_reflex",))
        if on("arm: emergency stop"):
            return replace(state, mode="stopped")
        if on("arm: force"):
            if self._offset is None:
                self._offset = _away(self._injection.draw, 80, 200)
            return replace(state, wrench=np.concatenate([self._offset, np.zeros(3)]))
        return state

    def send(self, target: ToolTarget) -> ToolTarget:
        if self._injection.on("arm: link lost", "arm: send fails", "arm: reflex", "arm: emergency stop"):
            raise RobotFault("The arm takes no target.")
        sent = self._arm.send(target)
        self.sent.append((self._injection.clock.now(), sent))
        return sent

    def stop(self) -> None:
        self.stopped = self._injection.clock.now() if self.stopped is None else self.stopped
        self._arm.stop()
        if self._injection.on("arm: link lost"):
            raise RobotFault("The arm does not answer.")

    def recover(self) -> None:
        self._arm.recover()

    def move_to_joints(self, joints: np.ndarray, speed: float) -> None:
        self._arm.move_to_joints(joints, speed)

    def close(self) -> None:
        self._arm.close()


class FaultyGripper:
    def __init__(self, gripper: Gripper, injection: Injection) -> None:
        self._gripper, self._injection = gripper, injection

    def observe(self) -> GripperState:
        self._fail()
        state = self._gripper.observe()
        return replace(state, fault="0x05: activation needed") if self._injection.on("gripper: fault") else state

    def send(self, width: float) -> float:
        self._fail()
        return self._gripper.send(width)

    def stop(self) -> None:
        self._fail()
        self._gripper.stop()

    def recover(self) -> None:
        self._gripper.recover()

    def close(self) -> None:
        self._gripper.close()

    def _fail(self) -> None:
        if self._injection.on("gripper: lost"):
            raise RobotFault("The gripper does not answer.")


class FaultyCamera:
    def __init__(self, camera: Camera, injection: Injection) -> None:
        self._camera, self._injection, self._last = camera, injection, None
        self.serial, self.intrinsics = camera.serial, camera.intrinsics

    def observe(self) -> Frame:
        if self._injection.on("camera: dropped"):
            raise RobotFault(f"The camera {self.serial} is lost.")
        if self._last is not None and self._injection.on("camera: frozen"):
            return self._last
        frame = self._camera.observe()
        if self._last is not None and self._injection.on("camera: still picture"):
            return replace(frame, colour=self._last.colour, depth=self._last.depth)
        self._last = frame
        return frame

    def close(self) -> None:
        self._camera.close()


class FaultyAsker:
    """Spoils the first answer that is asked for after the fault's moment, and all later ones unless it is `once`."""

    def __init__(self, asker: Asker, injection: Injection, period: float, patience: float) -> None:
        self._asker, self._injection, self._period = asker, injection, period
        self._asked, self._spoils = 0.0, False
        self._delay = patience + float(injection.draw.uniform(0.05, 0.4))

    def ask(self, number: int, seen: object, now: float) -> bool:
        injection = self._injection
        if self._spoils and injection.kind == "policy: hangs":
            return False  # it is busy
        over = injection.once and injection.began is not None
        self._asked = now
        self._spoils = injection.kind.startswith(("action", "policy")) and now >= injection.at and not over
        if self._spoils and injection.kind.startswith("policy") and injection.began is None:
            injection.began = now
        return self._asker.ask(number, seen, now)

    def answer(self, now: float) -> Answer | None:
        if not self._spoils:
            return self._asker.answer(now)
        kind = self._injection.kind
        if kind == "policy: hangs" or (kind == "policy: late" and now < self._asked + self._delay):
            return None
        answer = self._asker.answer(now)
        if answer is None or kind == "policy: late":
            return answer
        if kind == "policy: raises":
            return replace(answer, chunk=None, fault="the policy failed: out of memory")
        return replace(answer, chunk=self._spoilt(np.array(answer.chunk, dtype=np.float64)))

    def close(self) -> None:
        self._asker.close()

    def _spoilt(self, chunk: np.ndarray) -> Any:
        """The chunk with one action, or all from it on, as the fault has it; `began` is when that is due."""
        injection, draw = self._injection, self._injection.draw
        first = int(draw.integers(len(chunk)))
        if injection.kind == "action: wrong shape":
            first = 0
        injection.began = self._asked + first * self._period if injection.began is None else injection.began
        rows = slice(first, first + 1) if injection.once else slice(first, None)
        if injection.kind == "action: NaN":
            chunk[rows, int(draw.integers(10)) if draw.random() < 0.7 else slice(None)] = np.nan
        elif injection.kind == "action: infinity":
            chunk[rows, int(draw.integers(10))] = np.inf if draw.random() < 0.5 else -np.inf
        elif injection.kind == "action: jump":
            chunk[rows, :3] += _away(draw, 0.25, 0.6)
        elif injection.kind == "action: turn":
            turned = rotation_from_6d(chunk[rows, 3:9]) @ rotation_exp(_away(draw, 0.9, 3.0))
            chunk[rows, 3:9] = rotation_to_6d(turned)
        else:
            return [chunk[:, :9], np.zeros((8, 11)), np.zeros((0, 10)), "closed"][int(draw.integers(4))]
        return chunk


def _away(draw: np.random.Generator, least: float, most: float) -> np.ndarray:
    """A vector (3,) of random direction and of a length between."""
    way = draw.normal(size=3)
    return np.asarray(way / np.linalg.norm(way) * draw.uniform(least, most))
