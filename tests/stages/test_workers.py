"""Processes that share work: results, mistakes and deaths."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from expertgen.data.checkpoints import load_checkpoint
from expertgen.errors import MissingInput
from expertgen.stages.workers import WorkerFailed, run_in_workers


@pytest.fixture(autouse=True)
def no_child_is_left():
    yield
    assert not multiprocessing.active_children()


def test_one_worker_works_here_and_in_order() -> None:
    assert list(run_in_workers(lambda x: (os.getpid(), x), [3, 1, 2], 1)) == [(os.getpid(), x) for x in (3, 1, 2)]
    assert list(run_in_workers(math.sqrt, [], 2)) == []


def test_every_item_is_done_once_by_any_worker() -> None:
    items = [float(n) for n in range(7)]
    assert sorted(run_in_workers(math.sqrt, items, 3)) == [math.sqrt(n) for n in items]


def test_a_users_error_comes_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="no checkpoint at"):
        list(run_in_workers(load_checkpoint, [tmp_path / "a", tmp_path / "b"], 2))


def test_a_defect_keeps_its_traceback_and_names_the_item() -> None:
    with pytest.raises(RuntimeError, match=r"failed at -2.0:\n(?s:.*)Traceback(?s:.*)ValueError: math domain"):
        list(run_in_workers(math.sqrt, [-2.0, -2.0], 2))


def test_a_killed_worker_is_named() -> None:
    with pytest.raises(WorkerFailed, match=r"was killed by SIGKILL while it made .*run the same command again"):
        list(run_in_workers(signal.raise_signal, [signal.SIGKILL] * 3, 2))
    with pytest.raises(WorkerFailed, match="ended with status 7"):
        list(run_in_workers(os._exit, [7, 7], 2))


def test_stopping_early_stops_the_workers() -> None:
    with closing(run_in_workers(math.sqrt, [1.0] * 50, 2)) as results:
        assert next(results) == 1.0
    assert not multiprocessing.active_children()
