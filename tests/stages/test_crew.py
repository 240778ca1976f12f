"""Processes that stay: results, mistakes, deaths, and their end."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from expertgen.stages.crew import Crew
from expertgen.stages.workers import WorkerFailed


@pytest.fixture(autouse=True)
def no_child_is_left():
    yield
    assert not multiprocessing.active_children()


def test_one_worker_works_here_and_in_order() -> None:
    with Crew(lambda x: (os.getpid(), x), 1) as crew:
        assert list(crew.map([3, 1, 2])) == [(i, (os.getpid(), x)) for i, x in enumerate((3, 1, 2))]
        assert not multiprocessing.active_children()


def test_every_result_comes_once_with_the_place_of_its_item() -> None:
    with Crew(math.sqrt, 2) as crew:
        for count in (7, 1, 0, 2):  # more items than processes, fewer, none
            items = [float(n) for n in range(count)]
            assert sorted(crew.map(items)) == [(i, math.sqrt(item)) for i, item in enumerate(items)]


def test_the_same_processes_work_again_until_they_are_dismissed() -> None:
    with Crew(os.getenv, 2) as crew:
        assert not multiprocessing.active_children()  # none before there is work
        list(crew.map(["HOME"]))
        first = {child.pid for child in multiprocessing.active_children()}
        assert len(first) == 1  # and no more than there is work for
        list(crew.map(["HOME"] * 4))
        both = {child.pid for child in multiprocessing.active_children()}
        assert len(both) == 2 and first < both
        list(crew.map(["HOME"] * 4))
        assert {child.pid for child in multiprocessing.active_children()} == both
        crew.close()
        assert not multiprocessing.active_children()
        crew.close()
        assert dict(crew.map(["HOME"] * 2)) == dict.fromkeys(range(2), os.environ.get("HOME"))  # others come


def test_it_ends_them_after_an_error_in_the_block() -> None:
    with pytest.raises(ZeroDivisionError), Crew(math.sqrt, 2) as crew:
        for _ in crew.map([1.0] * 20):
            raise ZeroDivisionError
    assert not multiprocessing.active_children()


def test_the_systems_error_comes_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No such file"), Crew(os.listdir, 2) as crew:
        list(crew.map([tmp_path / "a", tmp_path / "b"]))


def test_a_defect_keeps_its_traceback_and_names_the_item() -> None:
    expected = r"failed at -2.0:\n(?s:.*)Traceback(?s:.*)ValueError: math domain"
    with pytest.raises(RuntimeError, match=expected), Crew(math.sqrt, 2) as crew:
        list(crew.map([-2.0, -2.0]))


def test_a_killed_worker_is_named() -> None:
    killed = r"was killed by SIGKILL while it made .*run the same command again"
    with pytest.raises(WorkerFailed, match=killed), Crew(signal.raise_signal, 2) as crew:
        list(crew.map([signal.SIGKILL] * 3))


def test_a_worker_that_was_killed_between_two_maps_is_named() -> None:
    with pytest.raises(WorkerFailed, match="was killed by SIGKILL"), Crew(math.sqrt, 2) as crew:
        list(crew.map([1.0, 2.0]))
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        list(crew.map([1.0, 2.0]))
