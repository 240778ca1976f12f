"""What a log says has happened so far, and which trial is next.

Events: begun (once), resumed (the program was started again), started (a person confirmed the reset), ran (the record
is on the disk) or faulted (the robot broke down before there was one), scored, ended (no trial is left).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from expertgen.errors import CorruptArtifact
from expertgen.trials.log import Entry
from expertgen.trials.order import Trial

Verdict = Literal["success", "failure", "invalid"]
VERDICTS = ("success", "failure", "invalid")
BY_PROGRAM, BY_RULE, BY_MEASURE = "program", "protocol", "measured"  # who scored, where no person did


@dataclass(frozen=True)
class Attempt:
    """The `attempt`th try, from 1, at trial `trial`: `record` is the SHA-256 of its folder, "" where there is none;
    `fault`: what the robot broke down with; `verdict` None until it is scored, `by` whom."""

    trial: int
    attempt: int
    letter: str
    start: int
    record: str = ""
    fault: str = ""
    verdict: Verdict | None = None
    reason: str = ""
    by: str = ""

    @property
    def name(self) -> str:
        """The folder of its record."""
        return folder_name(self.trial, self.attempt)

    @property
    def counts(self) -> bool:
        """Whether it is a success or a failure."""
        return self.verdict in ("success", "failure")


def folder_name(trial: int, attempt: int) -> str:
    """Where the record of an attempt lies below `episodes`."""
    return f"{trial:03d}-{attempt}"


def attempts_of(entries: Sequence[Entry]) -> list[Attempt]:
    """All attempts, in the order in which they were made. Raises CorruptArtifact for events that cannot follow."""
    found: list[Attempt] = []
    for entry in entries:
        event = entry["event"]
        if event in ("begun", "resumed", "ended"):
            continue
        try:
            _take(found, event, entry)
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise CorruptArtifact(
                f"line {entry['number']} of the log, {event!r}, does not follow what came before it "
                f"({type(error).__name__}: {error}). Restore the log as it was written."
            ) from error
    return found


def _take(found: list[Attempt], event: str, entry: dict[str, Any]) -> None:
    if event == "started":
        if found and found[-1].verdict is None:
            raise ValueError("the attempt before it was not scored")
        found.append(Attempt(int(entry["trial"]), int(entry["attempt"]), str(entry["letter"]), int(entry["start"])))
        return
    last = found[-1]
    if (last.trial, last.attempt) != (entry["trial"], entry["attempt"]) or last.verdict is not None:
        raise ValueError(f"expected trial {last.trial}, attempt {last.attempt}, not scored yet")
    if event == "ran":
        found[-1] = replace(last, record=str(entry["record"]), fault=str(entry["fault"]))
    elif event == "faulted":
        found[-1] = replace(last, fault=str(entry["fault"]))
    elif event == "scored" and entry["verdict"] in VERDICTS:
        found[-1] = replace(last, verdict=entry["verdict"], reason=str(entry["reason"]), by=str(entry["by"]))
    else:
        raise ValueError("unknown event or verdict")


def due(trials: Sequence[Trial], attempts: Sequence[Attempt], repeats: int) -> Trial | None:
    """The next trial: the first that has neither a success nor a failure, nor 1 + `repeats` invalid attempts."""
    closed = {attempt.trial for attempt in attempts if attempt.counts}
    tried: dict[int, int] = {}
    for attempt in attempts:
        if attempt.verdict == "invalid":
            tried[attempt.trial] = tried.get(attempt.trial, 0) + 1
    closed |= {trial for trial, count in tried.items() if count > repeats}
    return next((trial for trial in trials if trial.number not in closed), None)


def unscored(trials: Sequence[Trial], attempts: Sequence[Attempt], repeats: int) -> list[Trial]:
    """All trials that are due, the next one first."""
    return [trial for trial in trials if due([trial], attempts, repeats) is not None]


def as_drawn(trials: Sequence[Trial], attempts: Sequence[Attempt], repeats: int) -> bool:
    """Whether each attempt was made when it was due, at the start and with the letter that were drawn."""
    for index, attempt in enumerate(attempts):
        before = attempts[:index]
        trial = due(trials, before, repeats)
        number = 1 + sum(one.trial == attempt.trial for one in before)
        expected = None if trial is None else (trial.number, number, trial.letter, trial.start)
        if expected != (attempt.trial, attempt.attempt, attempt.letter, attempt.start):
            return False
    return True
