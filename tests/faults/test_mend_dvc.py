"""DVC's own files, cut off where a kill may cut them: mended, they let DVC go on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.faults.project import Project
from tests.small_project import ROOT

GRAPH = """
stages:
  first:
    cmd: echo 1 > one
    outs: [one]
  second:
    cmd: echo 2 > two
    deps: [one]
    outs: [two]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with two stages that take no time, reproduced. A test leaves it so."""
    project = Project(tmp_path_factory.mktemp("mended") / "project")
    (project.folder / "dvc.yaml").write_text(GRAPH, encoding="utf-8")
    project.run([sys.executable, "-m", "dvc", "repro"])
    return project


def mend(project: Project) -> str:
    return project.run([sys.executable, str(ROOT / "tasks" / "mend_dvc.py")])


def commit(project: Project) -> None:
    for words in (["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=project.folder, check=True)


def test_what_is_whole_is_left_alone(small: Project) -> None:
    lock = small.folder / "dvc.lock"
    before = lock.read_bytes(), lock.stat().st_mtime_ns
    assert mend(small) == "" and (lock.read_bytes(), lock.stat().st_mtime_ns) == before


@pytest.mark.parametrize("share", [0.0, 0.03, 0.6, 0.9])
def test_a_cut_off_lock_file_lets_dvc_go_on(small: Project, share: float) -> None:
    lock = small.folder / "dvc.lock"
    whole = lock.read_bytes()
    lock.write_bytes(whole[: int(share * len(whole))])
    mend(small)
    small.run([sys.executable, "-m", "dvc", "repro"])
    assert lock.read_bytes() == whole


def test_what_is_lost_comes_from_the_last_commit(small: Project) -> None:
    lock = small.folder / "dvc.lock"
    whole = lock.read_bytes()
    commit(small)
    lock.write_bytes(whole[:20])
    assert "kept what it has of: first, second" in mend(small)
    assert lock.read_bytes() == whole


@pytest.mark.parametrize("left", ["", '{"write": {"/a": {"pid": 1'])
def test_a_cut_off_record_of_users_lets_dvc_go_on(small: Project, left: str) -> None:
    path = small.folder / ".dvc" / "tmp" / "rwlock"
    path.write_text(left, encoding="utf-8")
    assert "rwlock was cut off; removed" in mend(small)
    assert "up to date" in small.run([sys.executable, "-m", "dvc", "repro"])
    assert isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
