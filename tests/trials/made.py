"""Protocols, a robot that is a few lines of arithmetic, and operators, for tests of trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from expertgen.robots.faults import RobotFault
from expertgen.trials.operator import Score, Stopped
from expertgen.trials.order import letters_of
from expertgen.trials.protocol import Protocol, read_protocol
from expertgen.trials.record import Decision, TrialRecord
from expertgen.trials.run import TrialRun, open_log
from expertgen.trials.session import TrialOrder
from expertgen.trials.starts import StartPose

TASK, STEPS = "lift_banana", 6
ROOT = Path("nowhere")


def terms(**changes: Any) -> dict[str, Any]:
    """The plain values of a sound protocol: two policies, three starts."""
    policies = [{"name": name, "checkpoint": f"data/{name}", "sha256": letter * 64}
                for name, letter in (("taught", "a"), ("cloned", "b"))]  # fmt: skip
    invalid = {"rule": "A person stepped in.", "repeats": 2, "after_fault": "invalid"}
    return {
        "task": TASK, "robot": "simulation", "policies": policies, "n": 3, "max_seconds": 2.0,
        "success": "The banana hangs 20 cm above the table at the end.", "invalid": invalid, "seed": 7,
        "starts": "drawn",
    } | changes  # fmt: skip


def write_protocol(folder: Path, name: str = "first", **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(terms(**changes)), encoding="utf-8")
    return path


def protocol(folder: Path, name: str = "first", **changes: Any) -> Protocol:
    return read_protocol(write_protocol(folder, name, **changes))


def record(steps: int = STEPS, **changes: Any) -> TrialRecord:
    """A sound record: an arm that moves a little at each step, and cameras that see it."""
    draw = np.random.default_rng(0)
    told = np.zeros((steps, 17), np.float32)
    told[:, :7] = [0.0, -0.26, 0.0, -2.43, 0.0, 2.17, 0.785] + 0.01 * np.arange(steps)[:, None]
    told[:, 7:10] = [0.45, 0.0, 0.3]
    told[:, 10:16] = [1, 0, 0, 0, -1, 0]
    sent = np.concatenate([told[:, 7:16], np.ones((steps, 1), np.float32)], axis=1)
    sent[:, 0] += 0.01 * np.arange(steps)
    frames = {name: draw.integers(60, 200, (steps, 32, 48, 3), dtype=np.uint8) for name in ("front", "side")}
    times = np.arange(steps) / 10
    values = {
        "control_hz": 10.0, "clock": "simulation", "times": times, "proprioception": told, "asked": sent + 0.001,
        "sent": sent, "frames": frames, "frame_times": dict.fromkeys(frames, times), "ended": "its time was over",
        "decisions": (Decision(2, 0.2, "workspace", "clamped", "by 3 mm"),), "success": np.ones(steps, dtype=bool),
    }  # fmt: skip
    return TrialRecord(**values | changes)


class Robot:
    """A session that needs no robot. `wins`: checkpoint's name → starts on which it succeeds. `at`: number of a run,
    from 1 → what happens then: an exception to raise, or a record to return."""

    def __init__(self, wins: dict[str, set[int]] | None = None, at: dict[int, Any] | None = None) -> None:
        self.about = {"robot": "made up"}
        self.wins, self.at = wins or {}, at or {}
        self.prepared: list[StartPose] = []
        self.orders: list[TrialOrder] = []

    def prepare(self, start: StartPose) -> None:
        self.prepared.append(start)

    def run(self, order: TrialOrder) -> TrialRecord:
        self.orders.append(order)
        what = self.at.get(len(self.orders))
        if isinstance(what, BaseException):
            raise what
        success = order.start.number in self.wins.get(order.checkpoint.name, set())
        return what or record(success=np.full(STEPS, success))

    def close(self) -> None:
        pass


class Person:
    """Scores as measured; `at`: number of an attempt → a Score or an exception in its place. Keeps what it is shown."""

    name = "AB"

    def __init__(self, at: dict[int, Any] | None = None) -> None:
        self.at, self.shown = at or {}, list[str]()

    def confirm(self, question: str) -> None:
        self.shown.append(question)

    def score(self, question: str, number: int, measured: bool | None) -> Score:
        self.shown.append(question)
        what = self.at.get(number)
        if isinstance(what, BaseException):
            raise what
        return what or Score("success" if measured else "failure", "" if measured else "did not lift it", self.name)


WINS = {"taught": {0, 1, 2}, "cloned": {1}}
INVALID = Score("invalid", "a person stepped in", "AB")
FAULT = RobotFault("the arm reports a reflex: joint 4 exceeded its torque")
STOP = Stopped()


def go(folder: Path, fixed: Protocol, robot: Robot | None = None, person: Person | None = None) -> bool:
    """Run what is left of a protocol's trials in `folder`; whether nothing is."""
    run = TrialRun(fixed, ROOT, folder, open_log(folder, fixed), person or Person(), say=lambda line: None)
    return run.run(robot or Robot(WINS))


def letter_of(fixed: Protocol, name: str) -> str:
    return next(letter for letter, policy in letters_of(fixed).items() if policy.name == name)
