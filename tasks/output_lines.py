"""What a line of a stage's output is: a message of some level, or where a long stage is."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

_LONGEST = 4000  # characters of a line that are kept
# As expertgen.stages.progress writes it: "prior: 384/6000 iterations, loss 0.1, 40.1 iterations/s, 140 s left"
_PROGRESS = re.compile(r"(?P<label>\S.{0,80}?): (?P<done>\d+)/(?P<total>[1-9]\d*) (?P<rest>\S.*)")
_LEVELS = {"ERROR": logging.ERROR, "WARNING": logging.WARNING}  # as DVC begins its lines
# What DVC says after every stage to a person who works with Git by hand.
_ADVICE = re.compile(
    r"To track the changes with git, run:|\tgit add .*|To enable auto staging, run:|\tdvc config core\.autostage true|"
    r"Use `dvc push` to send your updates to remote storage\.|(Generating|Updating) lock file 'dvc\.lock'|"
    r"Data and pipelines are up to date\."
)
_UP_TO_DATE = re.compile(r"Stage '[^']+' didn't change, skipping")
_RESTORED = re.compile(r"Stage '[^']+' is cached - skipping run, checking out outputs|Pulling data for stage: .*")


@dataclass(frozen=True)
class Progress:
    """Where something long is."""

    label: str  # what goes on, such as "prior"
    done: int
    total: int
    text: str  # the line itself

    @property
    def percent(self) -> float:
        """From 0 to 100."""
        return min(100.0 * self.done / self.total, 100.0)


def clean(line: str) -> str:
    """The line as a log may hold it: one line, of bounded length."""
    text = line.rstrip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ... ({len(text)} characters)"


def level_of(line: str) -> int:
    """The logging level that a line's beginning names; INFO without one."""
    return _LEVELS.get(line.partition(":")[0], logging.INFO)


def progress_of(line: str) -> Progress | None:
    """The progress that a line reports, if it does."""
    found = _PROGRESS.fullmatch(line)
    return found and Progress(found["label"], int(found["done"]), int(found["total"]), line)


def is_advice(line: str) -> bool:
    """Whether this is DVC's standing advice, which a log can do without."""
    return _ADVICE.fullmatch(line) is not None


def how_it_was_made(line: str) -> str | None:
    """How DVC came by a stage's outputs without running it, if the line says so; for people, nothing hangs on it."""
    if _UP_TO_DATE.fullmatch(line):
        return "Up to date"
    return "Restored" if _RESTORED.fullmatch(line) else None
