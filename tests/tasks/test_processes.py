"""Nothing of a stage outlives those who asked for it, however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tasks.errors import InfrastructureFailed
from tasks.graph import read_graph
from tasks.outcome import judge
from tasks.processes import SupervisedDvc
from tasks.reproduce import Options, reproduce
from tests.tasks.small_project import alive, beating, behave, make_project, ran, wait_for

ROOT = Path(__file__).parents[2]
REPRO = ["repro", "--single-item", "demos@ladle"]


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A project whose first stage works for a minute, with a worker process of its own."""
    project = make_project(tmp_path / "project")
    behave(project, "demos@ladle", "sleep 60")
    return project


def until_it_works(dvc: SupervisedDvc, project: Path) -> None:
    lines = dvc.lines()
    while not beating(project):
        next(lines)


@pytest.mark.parametrize("how", ["sleep", "stubborn"])
def test_leaving_ends_all_of_it_within_ten_seconds_and_it_can_be_run_again(busy: Path, how: str) -> None:
    behave(busy, "demos@ladle", f"{how} 60")
    with SupervisedDvc(REPRO, busy) as dvc:
        until_it_works(dvc, busy)
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    assert alive(busy) == set()
    with pytest.raises(InfrastructureFailed):
        judge("demos@ladle", dvc.report)
    (busy / "behave" / "demos@ladle").unlink()
    assert reproduce(read_graph(busy).stages["demos@ladle"], busy, Options(), print) == "Completed"


FLOW = """\
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tasks.processes import SupervisedDvc
watched = [os.pidfd_open(os.getppid())] if "watch" in sys.argv else []
with SupervisedDvc({repro!r}, Path({project!r}), watched=watched) as dvc:
    for line in dvc.lines():
        pass
print(dvc.report["ended"])
"""
SERVER = """\
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1], "watch"])
"""


def flow(project: Path) -> str:
    return textwrap.dedent(FLOW).format(root=str(ROOT), repro=REPRO, project=str(project))


def test_a_flow_that_is_killed_leaves_nothing_writing(busy: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", flow(busy)])
    wait_for(lambda: beating(busy))
    process.kill()
    process.wait()
    assert wait_for(lambda: not alive(busy)) < 10


def test_a_server_that_is_killed_leaves_nothing_writing(busy: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVER, flow(busy)], stdout=subprocess.PIPE, text=True)
    wait_for(lambda: beating(busy))
    process.kill()
    assert wait_for(lambda: not alive(busy)) < 10
    assert process.communicate(timeout=20)[0] == "worker\n"  # the flow, an orphan now, learns why


def test_a_guardian_that_is_killed_leaves_nothing_writing(busy: Path) -> None:
    with SupervisedDvc(REPRO, busy) as dvc:
        until_it_works(dvc, busy)
        os.kill(dvc._process.pid, signal.SIGKILL)
        begun = time.monotonic()
        for _ in dvc.lines():
            pass
    assert time.monotonic() - begun < 10
    wait_for(lambda: not alive(busy), 5)  # the kernel has been told; nobody was left to wait for it
    with pytest.raises(InfrastructureFailed):
        judge("demos@ladle", dvc.report)


def test_locks_are_kept_until_the_last_process_has_ended(busy: Path) -> None:
    reading, writing = os.pipe()
    with SupervisedDvc(REPRO, busy, keep=[writing]) as dvc:
        os.close(writing)
        until_it_works(dvc, busy)
        os.set_blocking(reading, False)
        with pytest.raises(BlockingIOError):  # somebody still holds the other end
            os.read(reading, 1)
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_a_flood_of_output_is_taken(busy: Path) -> None:
    behave(busy, "demos@ladle", "flood 20000")
    with SupervisedDvc(REPRO, busy) as dvc:
        lines = list(dvc.lines())
    assert "demos@ladle: 20000/20000 steps, 1.0 steps/s" in lines
    judge("demos@ladle", dvc.report)
    assert ran(busy) == ["demos@ladle"]


def test_the_stage_is_not_given_prefects_password(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "admin:secret")
    (busy / "stage.py").write_text("import os\nprint([name for name in os.environ if 'PREFECT' in name])\n")
    with SupervisedDvc(REPRO, busy) as dvc:
        assert "[]" in list(dvc.lines())
