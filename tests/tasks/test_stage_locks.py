"""Locks among flows."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tasks.graph import Stage
from tasks.stage_locks import stage_locks

DEMOS = Stage("demos@ladle")
PRIOR = Stage("prior@ladle", upstream=("demos@ladle",))
PREFLIGHT = Stage("preflight@ladle", upstream=("prior@ladle",))
STEER = Stage("steer@ladle", upstream=("prior@ladle",))


def refuse(name: str) -> None:
    raise InterruptedError(name)


@pytest.mark.parametrize(("first", "second"), [(DEMOS, DEMOS), (DEMOS, PRIOR), (PRIOR, DEMOS)])
def test_who_writes_excludes_who_reads_or_writes(tmp_path: Path, first: Stage, second: Stage) -> None:
    blocked = pytest.raises(InterruptedError, match=DEMOS.name)
    with stage_locks(tmp_path, first, refuse), blocked, stage_locks(tmp_path, second, refuse):
        pass
    with stage_locks(tmp_path, second, refuse):
        pass


def test_readers_run_side_by_side(tmp_path: Path) -> None:
    with stage_locks(tmp_path, PREFLIGHT, refuse), stage_locks(tmp_path, STEER, refuse):
        pass


def test_the_wait_ends_when_the_other_does(tmp_path: Path) -> None:
    asked, free = threading.Event(), threading.Event()

    def hold() -> None:
        with stage_locks(tmp_path, DEMOS, refuse):
            asked.set()
            free.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    asked.wait()
    names: list[str] = []

    def waiting(name: str) -> None:
        names.append(name)
        free.set()

    with stage_locks(tmp_path, PRIOR, waiting):
        assert set(names) == {"demos@ladle"}
    holder.join()


def test_a_child_that_inherits_the_locks_keeps_them(tmp_path: Path) -> None:
    with stage_locks(tmp_path, DEMOS, refuse) as locks:
        kept = os.dup(locks[0])
    with pytest.raises(InterruptedError), stage_locks(tmp_path, DEMOS, refuse):
        pass
    os.close(kept)
    with stage_locks(tmp_path, DEMOS, refuse):
        pass
