"""Recorded trials as a gate measures them, behind their letters: lines of the log, sessions, trials that count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from expertgen.data.hashing import path_sha256
from expertgen.errors import ExpertGenError
from expertgen.gates.measure_frames import frozen_travel
from expertgen.gates.measure_motion import ArmLimits, motion_columns
from expertgen.gates.recording import Recording
from expertgen.geometry import rotation_from_6d
from expertgen.trials.attempts import Attempt, as_drawn, attempts_of, unscored
from expertgen.trials.layout import EPISODES, LOG, PROTOCOL
from expertgen.trials.log import Entry, read_lines
from expertgen.trials.order import trials_of
from expertgen.trials.protocol import Protocol, read_protocol
from expertgen.trials.record import TrialRecord, read_record

AS_WRITTEN, AS_BEGUN, AS_DRAWN, AS_LOGGED = "as written", "as begun with", "as drawn", "as logged"
_JOINTS, _POSITION, _ROTATION = slice(0, 7), slice(7, 10), slice(10, 16)  # of proprioception


def line_table(folder: Path) -> pd.DataFrame:
    """One row per line of the log of the trials in `folder`."""
    lines, torn = read_lines(folder / LOG)
    rows = [{"line": line.number, "session": folder.name, "chain": line.problem or AS_WRITTEN} for line in lines]
    if torn:
        rows.append({"line": len(lines) + 1, "session": folder.name, "chain": "it was not written whole"})
    return pd.DataFrame(rows, columns=["line", "session", "chain"])


def session_row(folder: Path) -> dict[str, object]:
    """Of the trials in `folder`: whether the protocol is that of the log, whether the order is as drawn, how many
    trials are not scored, and the share of attempts that are invalid. What cannot be told is left out."""
    row: dict[str, object] = {"session": folder.name}
    lines, _ = read_lines(folder / LOG)
    entries = [line.entry for line in lines if line.entry is not None]
    try:
        protocol = read_protocol(folder / PROTOCOL, folder.name)
        row["protocol"] = AS_BEGUN if _begun_with(protocol, entries) else "another"
        return row | _attempt_columns(protocol, attempts_of(entries), entries)
    except ExpertGenError as error:
        return {"protocol": f"cannot be judged: {str(error)[:100]}"} | row


def _begun_with(protocol: Protocol, entries: list[Entry]) -> bool:
    stated = [entry.get("protocol_sha256") for entry in entries if entry["event"] in ("begun", "resumed")]
    return bool(stated) and set(stated) == {protocol.sha256} and entries[0]["event"] == "begun"


def _attempt_columns(protocol: Protocol, attempts: list[Attempt], entries: list[Entry]) -> dict[str, object]:
    trials, repeats = trials_of(protocol), protocol.terms.invalid.repeats
    invalid = sum(attempt.verdict == "invalid" for attempt in attempts)
    return {
        "order": AS_DRAWN if as_drawn(trials, attempts, repeats) else "another",
        "unscored": len(unscored(trials, attempts, repeats)),
        "ended": int(bool(entries) and entries[-1]["event"] == "ended"),
        "invalid": invalid / len(attempts) if attempts else np.nan,
    }  # fmt: skip


def trial_rows(folder: Path, box: np.ndarray) -> list[dict[str, object]]:
    """One row for each attempt in `folder` that counts and has a record; `box` (2, 3) m: the workspace."""
    entries = [line.entry for line in read_lines(folder / LOG)[0] if line.entry is not None]
    try:
        counted = [attempt for attempt in attempts_of(entries) if attempt.counts]
    except ExpertGenError:  # which the session's row tells
        return []
    return [_trial_row(folder, attempt, box) for attempt in counted if attempt.record or not attempt.fault]


def _trial_row(folder: Path, attempt: Attempt, box: np.ndarray) -> dict[str, object]:
    row: dict[str, object] = {"trial": f"{folder.name}/{attempt.name}", "letter": attempt.letter}
    episode = folder / EPISODES / attempt.name
    if not episode.is_dir():
        return row | {"record": "missing"}
    if path_sha256(episode) != attempt.record:
        return row | {"record": "not as logged"}
    try:
        return row | {"record": AS_LOGGED} | record_columns(read_record(episode), box)
    except ExpertGenError as error:
        return row | {"record": f"unreadable: {str(error)[:100]}"}


def record_columns(record: TrialRecord, box: np.ndarray) -> dict[str, object]:
    """The worst of a trial: of its frames over all cameras, and of what was really sent to the arm."""
    joints = record.proprioception[:, _JOINTS].astype(np.float64)
    motion = motion_columns(_recording(record, joints), ArmLimits.panda(box), record.control_hz)
    frames = record.frames.values()
    return {
        "cameras": len(record.frames), "nonfinite": int((~np.isfinite(record.sent)).sum()),
        "brightness": min((float(frame.mean()) for film in frames for frame in film), default=np.nan),
        "contrast": min((float(frame.std()) for film in frames for frame in film), default=np.nan),
        "frozen_rad": max((frozen_travel(film, joints) for film in frames), default=np.nan),
        **motion,
    }  # fmt: skip


def _recording(record: TrialRecord, joints: np.ndarray) -> Recording:
    """As `measure_motion` wants it; what it does not read is empty."""
    tool = np.tile(np.eye(4), (len(record), 1, 1))
    tool[:, :3, :3] = rotation_from_6d(record.proprioception[:, _ROTATION].astype(np.float64))
    tool[:, :3, 3] = record.proprioception[:, _POSITION]
    nothing = np.zeros((len(record), 0))
    return Recording(
        seed=0, healthy=True, tool=tool, seen_joints=joints, seen_objects=nothing,
        action=record.sent.astype(np.float64), joints=np.concatenate([joints[1:], joints[-1:]]),
        success=np.zeros(len(record), dtype=bool), objects=None, start_objects=nothing, success_any=False,
        success_end=False, frames={}, stored={},
    )  # fmt: skip
