"""Damage found while stored episodes are decoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expertgen.errors import CorruptArtifact

REGENERATE = "Delete the store and run the stage that made it again, or `dvc repro`."


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Report whatever goes wrong while stored bytes are decoded as CorruptArtifact.

    Damage surfaces as KeyError, ValueError, RuntimeError, TypeError and others, by which byte is hit.
    """
    try:
        yield
    except (CorruptArtifact, MemoryError):
        raise
    except Exception as error:
        raise CorruptArtifact(
            f"{path} cannot be read ({type(error).__name__}: {error}). {REGENERATE}"
        ) from error
