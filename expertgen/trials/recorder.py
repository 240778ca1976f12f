"""From what a control loop decides to the record of a trial: one row for each decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from expertgen.geometry import rotation_to_6d
from expertgen.robots.robot import Array, Frame
from expertgen.robots.safety_data import Decision as Decided
from expertgen.robots.safety_data import Given, Outcome
from expertgen.seeing import proprioception
from expertgen.trials.record import Decision, TrialRecord

Picture = Callable[[Frame], NDArray[np.uint8]]
_VERDICTS = {Outcome.CLAMP: "clamped", Outcome.HOLD: "held", Outcome.STOP: "stopped"}


class Recorder:
    """A control loop's `told`. frames: the cameras' newest; `pictures`: serial number → the camera's name and what of
    its frame is kept; success: the task's own measure of this moment."""

    def __init__(
        self, frames: Callable[[], Sequence[Frame]], pictures: Mapping[str, tuple[str, Picture]],
        success: Callable[[], bool | None],
    ) -> None:  # fmt: skip
        self._frames, self._pictures, self._success = frames, pictures, success
        self._rows: list[tuple[Array, ...]] = []
        self._times: list[float] = []
        self._seen: list[dict[str, tuple[float, NDArray[np.uint8]]]] = []
        self._measured: list[bool | None] = []
        self._decisions: list[Decision] = []
        self._gripper = -1.0

    def __len__(self) -> int:
        return len(self._rows)

    def __call__(self, given: Given, decided: Decided) -> None:
        """Take note of a decision before it is carried out. What was decided without the arm's state is no row."""
        if given.arm is None:
            return
        if self._rows:
            self._measured.append(self._success())
        self._gripper = self._gripper if decided.gripper is None else (1.0 if decided.gripper > 0 else -1.0)
        target = decided.target or given.standing
        sent = np.concatenate([target.position, rotation_to_6d(target.rotation), [self._gripper]])
        told = proprioception(given.arm, given.gripper)[0].numpy()
        self._decisions += [Decision(len(self._rows), given.now, finding.check, _VERDICTS[finding.outcome], finding.why)
                            for finding in decided.findings if finding.outcome in _VERDICTS]  # fmt: skip
        self._times.append(given.now)
        self._rows.append((told, _action(given.action), sent))
        self._seen.append({self._pictures[frame.serial][0]: (frame.time, self._pictures[frame.serial][1](frame))
                           for frame in self._frames()})  # fmt: skip

    def record(self, control_hz: float, clock: str, ended: str, fault: str) -> TrialRecord:
        """All of it, once the arm is at rest; there must be a row."""
        told, asked, sent = (np.stack(rows).astype(np.float32) for rows in zip(*self._rows, strict=True))
        measured = [*self._measured, self._success()]
        success = None if None in measured else np.array(measured, dtype=bool)
        names = [name for name, _ in self._pictures.values()]
        return TrialRecord(
            control_hz=control_hz, clock=clock, times=np.array(self._times),
            proprioception=told, asked=asked, sent=sent,
            frames={name: np.stack([seen[name][1] for seen in self._seen]) for name in names},
            frame_times={name: np.array([seen[name][0] for seen in self._seen]) for name in names},
            ended=ended, decisions=tuple(self._decisions), fault=fault, success=success,
        )  # fmt: skip


def _action(action: object) -> Array:
    """(10,) as the policy asked, NaN for what is none."""
    try:
        values = np.asarray(action, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.empty(0)
    return values if values.shape == (10,) else np.full(10, np.nan)
