"""How long each stage took on this machine, for the report; never part of an artifact."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from expertgen.data.atomic import atomic_write_json
from expertgen.workspace import Workspace


@contextmanager
def timed(workspace: Workspace, stage: str) -> Iterator[None]:
    """Note the block's seconds under `stage` in the reports' wall_time.json, if it ends without an error.

    After an interruption these are the seconds of the resumed part.
    """
    started = time.perf_counter()
    yield
    path = workspace.reports / "wall_time.json"
    try:
        seconds = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        seconds = {}
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_json(path, seconds | {stage: round(time.perf_counter() - started, 1)})
