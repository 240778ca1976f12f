"""What a check finds, gathered on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

from expertgen.errors import CorruptArtifact

_SHOWN = 12


class Unreadable(Exception):
    """A file is so damaged that its checks cannot go on; its one argument says so."""


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Report whatever goes wrong while the file `name` is decoded as Unreadable.

    Damage surfaces as KeyError, ValueError, OSError, ArrowException and others, by which byte is hit.
    """
    try:
        yield
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise Unreadable(f"{name} cannot be read ({type(error).__name__}: {reason})") from error


def require_none(what: str, problems: Iterator[str]) -> None:
    """Raises CorruptArtifact, which lists the `problems` of `what`, unless there are none."""
    found: list[str] = []
    cause: Exception | None = None
    try:
        found.extend(islice(problems, _SHOWN + 1))
    except Unreadable as error:
        found.append(str(error))
    except MemoryError:
        raise
    except Exception as error:  # a file that can be read may still hold anything where a number or a list belongs
        found.append(f"it cannot be checked any further ({type(error).__name__}: {error})")
        cause = error
    if found:
        shown = [f"  {problem}" for problem in found[:_SHOWN]] + ["  and more"] * (len(found) > _SHOWN)
        message = "\n".join([f"{what} is not as it should be:", *shown, "Fetch it again, or write it anew."])
        raise CorruptArtifact(message) from cause
