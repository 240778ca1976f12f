"""The robot as trials see it, whatever it is: in simulation, emulated, or of metal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from expertgen.trials.record import TrialRecord
from expertgen.trials.starts import StartPose


@dataclass(frozen=True)
class TrialOrder:
    """Run the policy in the folder `checkpoint` from `start`, for at most `max_seconds` of the robot's clock. `seed`
    is of this attempt alone, for whatever is drawn in it, and the same for all policies of a block."""

    trial: int
    attempt: int
    checkpoint: Path
    start: StartPose
    max_seconds: float
    seed: int


class RobotSession(Protocol):
    """A connection to one robot, for many trials. It prints no policy's name: the operator shall not know it."""

    @property
    def about(self) -> Mapping[str, Any]:
        """What the log shall know of it, plain JSON: `robot`, its model in a word, gripper, cameras, versions."""
        ...

    def prepare(self, start: StartPose) -> None:
        """Bring the arm to where a trial begins; under simulation the objects too. Called once a person has said that
        the way is free, so it may also clear what a trial before it broke down with. Raises RobotFault."""
        ...

    def run(self, order: TrialOrder) -> TrialRecord:
        """Carry out ONE trial and return its record, with the arm at rest, however it ended.

        Where the robot breaks down amid the trial, the record holds what there was until then, and `fault`. Raises
        RobotFault where there is not even one step to record.
        """
        ...

    def close(self) -> None:
        """End the connection; the arm comes to rest first."""
        ...
