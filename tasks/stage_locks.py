"""Flows that need the same stage wait for each other.

DVC lets stages run side by side, but where one writes what another reads or writes, the later `dvc repro` fails at
once ("is busy"), even when it only wants to see that nothing has changed. So a flow first takes a lock for each stage
that is concerned: the stage's own, alone, and those it reads from, shared. Disjoint stages still run side by side.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.graph import Stage

_INTERVAL = 0.2  # s between two looks at a lock that is held


@contextmanager
def stage_locks(root: Path, stage: Stage, waiting: Callable[[str], None]) -> Iterator[tuple[int, ...]]:
    """Hold the locks of `stage` for the length of the block; yields their file descriptors.

    The locks belong to these descriptors: a child that inherits them keeps the stage locked until it has ended too,
    however this process ends. `waiting` is called with the name of the stage whose lock another flow holds, about
    five times a second; what it raises ends the wait.

    All locks are taken or none, so that two flows cannot wait for each other.
    """
    folder = root / ".dvc" / "tmp" / "flows"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = dict.fromkeys(stage.upstream, fcntl.LOCK_SH) | {stage.name: fcntl.LOCK_EX}
    held: dict[str, int] = {}
    try:
        while blocked := _take(folder, wanted, held):
            _release(held)
            waiting(blocked)
            time.sleep(_INTERVAL)
        yield tuple(held.values())
    finally:
        _release(held)


def _take(folder: Path, wanted: dict[str, int], held: dict[str, int]) -> str | None:
    """Take all that is wanted, into `held`; the name of the first that another process holds, if any."""
    for name, kind in wanted.items():
        held[name] = os.open(folder / f"{name.replace('/', '%')}.lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(held[name], kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return name
    return None


def _release(held: dict[str, int]) -> None:
    while held:
        os.close(held.popitem()[1])
