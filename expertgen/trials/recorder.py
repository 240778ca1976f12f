"""From what a control loop decides to the record of a trial: one row for each decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.camera_env import Seen
from expertgen.geometry import rotation_to_6d
from expertgen.robots.robot import ArmState, Array, Frame, GripperState
from expertgen.robots.safety_checks import sound
from expertgen.robots.safety_data import Decision as Decided
from expertgen.robots.safety_data import Given, Outcome
from expertgen.seeing import proprioception
from expertgen.trials.record import Decision, TrialRecord

Picture = Callable[[Frame], NDArray[np.uint8]]
_VERDICTS = {Outcome.CLAMP: "clamped", Outcome.HOLD: "held", Outcome.STOP: "stopped"}


@dataclass(frozen=True)
class _Row:
    given: Given
    frames: Sequence[Frame]
    sent: Array


class Recorder:
    """A control loop's `told`. frames: the cameras' newest; `pictures`: serial number → the camera's name and what of
    its frame is kept; seeing: what a student is shown; success: the task's own measure of this moment.

    While the arm moves it only takes note; images and clouds are made in the end.
    """

    def __init__(
        self, frames: Callable[[], Sequence[Frame]], pictures: Mapping[str, tuple[str, Picture]],
        seeing: Callable[[Sequence[Frame], ArmState, GripperState | None], Seen], success: Callable[[], bool | None],
    ) -> None:  # fmt: skip
        self._frames, self._pictures, self._seeing, self._success = frames, pictures, seeing, success
        self._rows: list[_Row] = []
        self._measured: list[bool | None] = []
        self._decisions: list[Decision] = []
        self._gripper = -1.0

    def __len__(self) -> int:
        return len(self._rows)

    def __call__(self, given: Given, decided: Decided) -> None:
        """Take note of a decision before it is carried out. What was decided without the arm's state is no row."""
        if given.arm is None or not sound(given.arm):
            return
        if self._rows:
            self._measured.append(self._success())
        self._gripper = self._gripper if decided.gripper is None else (1.0 if decided.gripper > 0 else -1.0)
        target = decided.target or given.standing
        sent = np.concatenate([target.position, rotation_to_6d(target.rotation), [self._gripper]])
        self._decisions += [Decision(len(self._rows), given.now, finding.check, _VERDICTS[finding.outcome], finding.why)
                            for finding in decided.findings if finding.outcome in _VERDICTS]  # fmt: skip
        self._rows.append(_Row(given, tuple(self._frames()), sent))

    def record(self, control_hz: float, clock: str, vision: Mapping[str, Any], ended: str, fault: str) -> TrialRecord:
        """All of it, once the arm is at rest; there must be a row."""
        arms = [arm for row in self._rows if (arm := row.given.arm) is not None]
        told = [proprioception(arm, row.given.gripper)[0].numpy() for arm, row in zip(arms, self._rows, strict=True)]
        seen = [self._seeing(row.frames, arm, row.given.gripper).points
                for arm, row in zip(arms, self._rows, strict=True)]  # fmt: skip
        points = [cloud[0].numpy().astype(np.float16) for cloud in seen if cloud is not None]
        measured = [*self._measured, self._success()]
        cameras = {name: [next(frame for frame in row.frames if frame.serial == serial) for row in self._rows]
                   for serial, (name, _) in self._pictures.items()}  # fmt: skip
        kept = dict(self._pictures.values())
        return TrialRecord(
            control_hz=control_hz, clock=clock, times=np.array([row.given.now for row in self._rows]),
            proprioception=np.stack(told).astype(np.float32),
            asked=np.stack([_action(row.given.action) for row in self._rows]).astype(np.float32),
            sent=np.stack([row.sent for row in self._rows]).astype(np.float32),
            frames={name: np.stack([kept[name](frame) for frame in film]) for name, film in cameras.items()},
            frame_times={name: np.array([frame.time for frame in film]) for name, film in cameras.items()},
            ended=ended, decisions=tuple(self._decisions), fault=fault, points=np.stack(points) if points else None,
            success=None if None in measured else np.array(measured, dtype=bool), vision=vision,
        )  # fmt: skip


def _action(action: object) -> Array:
    """(10,) as the policy asked, NaN for what is none."""
    try:
        values = np.asarray(action, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    return values if values.shape == (10,) else np.full(10, np.nan)
