"""Errors that a person can act on: what was found, what was expected, where, and what to do.

The command line prints them on one screen and exits with status 2. Anything else that is raised is a defect
of this package and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ExpertGenError(Exception):
    """Base of every error that a user may cause; its one argument is the message."""


class InvalidParameter(ExpertGenError):
    """A parameter is unknown, missing, of the wrong type or out of range."""


class UnknownName(ExpertGenError):
    """A task, policy, stage or profile that does not exist."""


class CorruptArtifact(ExpertGenError):
    """Stored bytes are not those that were written."""


class IncompatibleArtifact(ExpertGenError):
    """A sound artifact that does not fit the code or the parameters it is used with."""


class StageBusy(ExpertGenError):
    """Another process is writing the same outputs."""


class MissingInput(ExpertGenError):
    """A file or an artifact that must be made or fetched first."""


class SimulationFailed(ExpertGenError):
    """The simulation diverged or overflowed where its result is needed."""


def require_known(kind: str, name: str, known: Iterable[str]) -> None:
    """Raise UnknownName, listing `known` and the closest of them, unless `name` is one of them."""
    names = sorted(known)
    if name in names:
        return
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise UnknownName(f"Unknown {kind} {name[:80]!r}; known: {', '.join(names) or 'none'}.{hint}")
