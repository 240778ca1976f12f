"""One writer at a time, whatever happens to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from expertgen.data.lock import stage_lock
from expertgen.data.write_errors import CannotWrite
from expertgen.errors import StageBusy

HOLDER = """
import sys
from pathlib import Path
from expertgen.data.lock import stage_lock
with stage_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        cwd=root,
        env={"PYTHONPATH": root},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_process_is_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "demos"
    with holder(path) as process:
        with pytest.raises(StageBusy, match=f"process {process.pid} .*locks/demos"), stage_lock(path):
            pytest.fail("two processes hold one lock")
        process.communicate(input="")  # the holder ends in good order
        with stage_lock(path):
            pass


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "demos"
    with holder(path) as process:
        process.kill()
        process.wait()
        with stage_lock(path):
            pass


def test_it_excludes_the_same_process_and_survives_failures(tmp_path: Path) -> None:
    path = tmp_path / "demos"
    with pytest.raises(ZeroDivisionError), stage_lock(path):
        with pytest.raises(StageBusy), stage_lock(path):
            pytest.fail("held twice")
        raise ZeroDivisionError
    with stage_lock(path), stage_lock(tmp_path / "prior"):
        pass


def test_an_impossible_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match="file/lock"), stage_lock(tmp_path / "file" / "lock"):
        pytest.fail("a lock inside a file")
