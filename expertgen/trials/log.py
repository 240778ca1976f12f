"""The log of trials: one line of JSON for each event, flushed before anything goes on, and chained by SHA-256.

Each line holds the sum of the line before it (`previous`) and of itself (`sha256`), so that a line that was edited,
taken out or moved is found. Who rewrites all sums from there on is found by the last one, which the report states.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expertgen.data.json_text import compact_json
from expertgen.data.write_errors import report_write_errors
from expertgen.errors import CorruptArtifact

FIRST = "0" * 64
Entry = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """The `number`th line, from 1; `entry`: what it says, None if nothing can be made of it; `problem`: "" if sound."""

    number: int
    entry: Entry | None
    problem: str


class TrialLog:
    """An open log. One writer at a time: whoever opens it holds a lock."""

    def __init__(self, path: Path) -> None:
        """Open the log `path`, or begin it. What a kill left of a line that was not written whole is taken off, and
        kept in `torn`. Raises CorruptArtifact for a broken chain."""
        self.path, self.entries, self.torn = path, *read_log(path)
        if self.torn:
            with report_write_errors(path), open(path, "r+b") as file:
                file.truncate(file.seek(0, os.SEEK_END) - len(self.torn.encode("utf-8", "surrogateescape")))
                os.fsync(file.fileno())

    @property
    def head(self) -> str:
        """The sum of the last line."""
        return str(self.entries[-1]["sha256"]) if self.entries else FIRST

    def append(self, event: str, **fields: Any) -> Entry:
        """Write an event, and return once it is on the disk. Raises CannotWrite; the log is then as it was."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        number = len(self.entries) + 1
        entry: Entry = {**fields, "number": number, "event": event, "time": time, "previous": self.head}
        entry["sha256"] = _sum(entry)
        data = (compact_json(entry) + "\n").encode("utf-8")
        with report_write_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _write(self.path, data)
        self.entries.append(json.loads(data))
        return self.entries[-1]


def read_log(path: Path) -> tuple[list[Entry], str]:
    """The entries of a log, and what was left of a line that was not written whole. Nothing where there is no file.

    Raises CorruptArtifact, naming the first line that is not as it was written.
    """
    lines, torn = read_lines(path)
    for line in lines:
        if line.problem:
            raise CorruptArtifact(
                f"{path}, line {line.number}: {line.problem}. A log of trials is never edited; restore it as it was "
                "written (`dvc checkout`), or begin anew under another name."
            )
    return [line.entry for line in lines if line.entry is not None], torn


def read_lines(path: Path) -> tuple[list[Line], str]:
    """Each line of a log and what is wrong with it, and what follows the last line's end. Raises OSError but for a
    file that is not there."""
    text = path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else ""
    *whole, torn = text.split("\n")
    found: list[Line] = []
    previous = FIRST
    for number, line in enumerate(whole, start=1):
        found.append(_read(number, line, previous))
        # After a line that was changed the chain goes on from what that line says, so that one change is one finding.
        previous = str((found[-1].entry or {}).get("sha256", ""))
    return found, torn


def _read(number: int, text: str, previous: str) -> Line:
    try:
        entry = json.loads(text)
        if not isinstance(entry, dict) or not {"event", "time", "number", "previous", "sha256"} <= entry.keys():
            return Line(number, None, "it is no event of a log")
        found = _sum({name: value for name, value in entry.items() if name != "sha256"})
    except ValueError:
        return Line(number, None, "it is no JSON")
    if entry["sha256"] != found:
        return Line(number, entry, "it was changed after it was written")
    if entry["number"] != number or entry["previous"] != previous:
        return Line(number, entry, "it does not follow the line before it: one was changed, taken out or moved")
    return Line(number, entry, "")


def _sum(entry: Entry) -> str:
    return hashlib.sha256(compact_json(entry).encode("utf-8", "surrogateescape")).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Append `data` whole or not at all, as far as the disk lets us."""
    new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
