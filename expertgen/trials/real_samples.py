"""Recorded trials as samples of a student: what it would have been shown, and the commands that were really sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.data.hashing import path_sha256
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.policies.student import TOOL, StudentPolicy
from expertgen.trials.attempts import Attempt
from expertgen.trials.layout import LOG
from expertgen.trials.protocol import NAME
from expertgen.trials.record import TrialRecord, read_record
from expertgen.trials.recorded import Recorded, read_recorded, require_ended


@dataclass(frozen=True)
class RealEpisode:
    """A trial that counts and was scored a success: `name` is PROTOCOL/TRIAL-ATTEMPT, `folder` its record's, `sha256`
    that of the log's line about it."""

    name: str
    folder: Path
    sha256: str


def real_episodes(folder: Path, names: Sequence[str]) -> list[RealEpisode]:
    """The successes among the trials in `folder`, data/TASK/trials, that `names` name: NAME of a protocol for all of
    its, NAME/007-1 for a single one. In the order of their names, each once.

    Raises InvalidParameter for what is no name, MissingInput where there are no such trials or no success among them,
    IncompatibleArtifact while trials of a protocol are still to be scored and for a single one that was no success,
    and CorruptArtifact for a log that was edited.
    """
    found: dict[str, RealEpisode] = {}
    for name in names:
        protocol, _, single = name.partition("/")
        if not NAME.fullmatch(protocol):
            raise InvalidParameter(f"--trials: found {name[:60]!r}, expected NAME or NAME/007-1, of data/TASK/trials.")
        if not (folder / protocol / LOG).is_file():
            raise MissingInput(f"--trials: no recorded trials at {folder / protocol}. Run them, or `dvc pull` them.")
        recorded = read_recorded(folder / protocol)
        require_ended(recorded)
        attempts = [_single(recorded, single)] if single else _successes(recorded)
        for attempt in attempts:
            episode = RealEpisode(f"{protocol}/{attempt.name}", recorded.episode(attempt), attempt.record)
            found[episode.name] = episode
    return [found[name] for name in sorted(found)]


def _successes(recorded: Recorded) -> list[Attempt]:
    successes = [attempt for attempt in recorded.attempts if attempt.verdict == "success" and attempt.record]
    if not successes:
        raise MissingInput(
            f"--trials: none of the {len(recorded.trials)} trials at {recorded.folder} was scored a success; there is "
            "nothing to learn from. Name others."
        )
    return successes


def _single(recorded: Recorded, name: str) -> Attempt:
    attempt = next((attempt for attempt in recorded.attempts if attempt.name == name), None)
    if attempt is None:
        raise MissingInput(
            f"--trials: {recorded.folder} has no trial {name[:40]!r}; expected one such as "
            f"{recorded.attempts[0].name}: trial and attempt."
        )
    if attempt.verdict != "success" or not attempt.record:
        raise IncompatibleArtifact(
            f"--trials: {recorded.name}/{name} was scored {attempt.verdict} "
            f"({attempt.reason or attempt.fault or 'no reason given'}); students learn from successes alone."
        )
    return attempt


def real_samples(episodes: Sequence[RealEpisode], student: StudentPolicy, control_hz: float) -> dict[str, NDArray[Any]]:
    """The samples of all `episodes`, as learn.dagger takes them: seen (n, ...), proprioception (n, 17), and chunk
    (n, T, 10), the commands sent from then on, positions relative to the tool.

    One of every control step that a whole chunk follows without a pause. Raises CorruptArtifact for a record that is
    not the log's, IncompatibleArtifact for one of other cameras or another rate than the student's, or without what it
    is to see.
    """
    parts = [_samples(_record(episode), episode.name, student, control_hz) for episode in episodes]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _record(episode: RealEpisode) -> TrialRecord:
    record = read_record(episode.folder)
    if path_sha256(episode.folder) != episode.sha256:
        raise CorruptArtifact(
            f"{episode.folder} is not what the log says was recorded (SHA-256). Fetch it again, such as with "
            "`dvc checkout`."
        )
    return record


def _samples(record: TrialRecord, name: str, student: StudentPolicy, control_hz: float) -> dict[str, NDArray[Any]]:
    _require_alike(record, name, student, control_hz)
    length = student.config.horizon
    first = _first_steps(record, length)
    if len(first) == 0:
        raise IncompatibleArtifact(
            f"--trials: {name} has {len(record)} control steps, and never {length} without a pause, which a chunk of "
            "actions takes. Name others."
        )
    chunk = record.sent[first[:, None] + np.arange(length)]
    chunk[..., :3] -= record.proprioception[first, None, TOOL]
    if student.sees == "points":
        assert record.points is not None
        seen: NDArray[Any] = record.points[first]
    else:
        seen = np.stack([record.frames[camera["name"]][first] for camera in student.vision["cameras"]], axis=1)
    return {"seen": seen, "proprioception": record.proprioception[first], "chunk": chunk}


def _first_steps(record: TrialRecord, length: int) -> NDArray[np.int64]:
    """The steps from which on `length` steps follow one another at the control rate: where the arm had to hold, a robot
    may have decided earlier or later than that."""
    first = np.arange(max(0, len(record) - length + 1), dtype=np.int64)
    took = record.times[first + length - 1] - record.times[first]
    return first[np.abs(took * record.control_hz - (length - 1)) < 0.5]


def _require_alike(record: TrialRecord, name: str, student: StudentPolicy, control_hz: float) -> None:
    again = "Name other trials, or a student that was taught with what they were recorded with."
    if not record.vision:
        raise IncompatibleArtifact(f"--trials: {name} does not say what its cameras and clouds are. {again}")
    if other := [key for key in student.vision if record.vision.get(key) != student.vision[key]]:
        shown = "; ".join(f"vision.{key}: {_short(record.vision.get(key))}" for key in other[:3])
        raise IncompatibleArtifact(f"--trials: {name} was recorded with other cameras or clouds: {shown}. {again}")
    if student.sees == "points" and record.points is None:
        raise IncompatibleArtifact(f"--trials: {name} holds no point clouds, which this student sees. {again}")
    if record.control_hz != control_hz:
        raise IncompatibleArtifact(
            f"--trials: {name} was controlled at {record.control_hz:g} Hz, expected {control_hz:g} "
            f"(simulation.control_hz): its chunks take another time. {again}"
        )
    _require_numbers(name, {"proprioception": record.proprioception, "sent": record.sent})


def _require_numbers(name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    for what, values in arrays.items():
        if not np.isfinite(values).all():
            raise CorruptArtifact(f"--trials: {name}: {what} holds what is no number. Name others.")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
