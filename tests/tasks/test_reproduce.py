"""Stages run through real DVC: what runs, what is final, and who waits for whom."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tasks.errors import InfrastructureFailed, StageFailed
from tasks.graph import read_graph
from tasks.reproduce import Options, reproduce
from tests.tasks.small_project import PATH, behave, commit, make_project, ran, run, wait_for

PLAIN = Options()
CHAIN = ("demos@ladle", "gate_demos@ladle", "prior@ladle", "steer@ladle", "gate_steer@ladle")


def bring(project: Path, name: str, options: Options = PLAIN) -> tuple[str, list[str]]:
    lines: list[str] = []
    return reproduce(read_graph(project).stages[name], project, options, lines.append), lines


def test_a_stage_runs_once_and_is_then_up_to_date(project: Path) -> None:
    how, lines = bring(project, "demos@ladle")
    assert how == "Completed" and "hello from demos ladle" in lines
    assert bring(project, "demos@ladle")[0] == "Up to date"
    assert bring(project, "demos@ladle", Options(force=True))[0] == "Completed"
    assert ran(project).count("demos@ladle") == 2


def test_a_gates_no_is_final_and_leaves_what_it_wrote(project: Path) -> None:
    bring(project, "demos@kettle")
    behave(project, "gate_demos@kettle", "exit 2")
    with pytest.raises(StageFailed, match=r"gate_demos@kettle.*exited with 2"):
        bring(project, "gate_demos@kettle")
    assert (project / "reports/demos/kettle/gate.md").is_file()


def test_a_killed_stage_may_be_tried_again(project: Path) -> None:
    behave(project, "steer@ladle", "kill 1")
    for name in ("gate_demos@ladle", "prior@ladle"):
        bring(project, name)
    with pytest.raises(InfrastructureFailed, match="SIGKILL"):
        bring(project, "steer@ladle")
    assert bring(project, "steer@ladle")[0] == "Completed"


def test_a_missing_input_is_final(project: Path) -> None:
    with pytest.raises(StageFailed, match=r"evaluate@kettle.*data/kettle/"):
        bring(project, "evaluate@kettle")


def test_overlapping_stages_wait_for_each_other(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    behave(project, "demos@ladle", "sleep 2")
    stages = read_graph(project).stages
    answers: list[str] = []
    lines: list[str] = []

    def call(name: str) -> None:
        answers.append(f"{name} {reproduce(stages[name], project, PLAIN, lines.append)}")

    threads = [threading.Thread(target=call, args=[name]) for name in ("demos@ladle", "demos@ladle", "demos@kettle")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["demos@kettle Completed", "demos@ladle Completed", "demos@ladle Up to date"]
    assert lines.count("waiting: another flow uses demos@ladle") == 1


def test_a_dvc_started_by_hand_is_waited_for(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    behave(project, "demos@ladle", "sleep 2")
    command = [sys.executable, "-m", "dvc", "repro", "-q", "demos@ladle"]
    by_hand = subprocess.Popen(command, cwd=project, env={**os.environ, "PATH": PATH})
    wait_for(lambda: (project / "beats").exists())
    how, lines = bring(project, "demos@ladle")
    assert by_hand.wait() == 0
    assert how == "Up to date" and any("waits for the process named above" in line for line in lines)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which all was run and pushed to a DVC remote. To be read only."""
    folder = tmp_path_factory.mktemp("shared")
    here = make_project(folder / "here")
    run(here, "dvc", "remote", "add", "-q", "-d", "shared", str(folder / "remote"))
    commit(here)
    for name in CHAIN:
        bring(here, name, Options(push=True))
    return here


@pytest.fixture
def there(here: Path, tmp_path: Path) -> Path:
    """A clone of `here`, as on another machine, that shares its remote."""
    run(tmp_path, "git", "clone", "-q", str(here), str(tmp_path / "there"))
    return tmp_path / "there"


def test_two_clones_share_results_without_sharing_dvc_lock(there: Path) -> None:
    """DVC's run-cache carries a stage to another clone if all of its outputs are cached and none is persistent."""
    assert {name: bring(there, name, Options(pull=True))[0] for name in CHAIN} == {
        "demos@ladle": "Restored",
        "gate_demos@ladle": "Completed",  # not cached
        "prior@ladle": "Completed",  # persist
        "steer@ladle": "Restored",
        "gate_steer@ladle": "Completed",  # not cached
    }
    assert ran(there) == ["gate_demos@ladle", "prior@ladle", "gate_steer@ladle"]


def test_two_clones_that_share_dvc_lock_fetch_persistent_outputs_too(here: Path, there: Path) -> None:
    for path in ("dvc.lock", "reports"):
        run(there, "cp", "-r", str(here / path), str(there))
    for name in CHAIN:
        assert bring(there, name, Options(pull=True))[0] in ("Restored", "Up to date"), name
    assert ran(there) == []


def test_a_push_to_a_remote_that_does_not_answer_may_be_tried_again(project: Path) -> None:
    run(project, "dvc", "remote", "add", "-q", "-d", "--local", "gone", "http://127.0.0.1:9/nothing")
    try:
        with pytest.raises(InfrastructureFailed, match="push of demos@ladle"):
            bring(project, "demos@ladle", Options(push=True))
    finally:
        run(project, "dvc", "remote", "remove", "--local", "gone")
