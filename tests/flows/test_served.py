"""The deployments of a small DVC project, served by `python -m flows.serve` to a real Prefect server.

Without the slow ones this takes about 40 s on a quiet machine, mostly for Prefect to start.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.prefect_server import ROOT, Server, end, running_server, running_worker, serve
from tests.tasks.small_project import (
    alive,
    beating,
    behave,
    change_version,
    commit,
    make_project,
    ran,
    run,
    wait_for,
)

PATIENCE = 120.0  # s; runs start within about 10 on a quiet machine


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("prefect")) as server:
        yield server


@dataclass
class Served:
    """A project and the process that serves it."""

    project: Path
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Served]:
    folder = make_project(tmp_path_factory.mktemp("served") / "project")
    run(folder, "dvc", "remote", "add", "-q", "-d", "shared", str(folder.parent / "remote"))
    commit(folder)
    served = Served(folder, serve(server, folder))
    yield served
    end(served.process)


@pytest.fixture
def project(served: Served) -> Path:
    return served.project


@pytest.fixture(autouse=True)
def clean(project: Path) -> Iterator[None]:
    """Every test leaves stages that behave."""
    yield
    for folder in ("behave", "beats"):
        for path in (project / folder).glob("*"):
            path.unlink()


def test_a_run_brings_stale_upstream_up_to_date_and_shows_what_it_did(server: Server, project: Path) -> None:
    behave(project, "prior@ladle", "flood 400")
    answer = server.prefect("deployment", "run", "evaluate/ladle", "--watch")
    assert "finished successfully" in answer
    asked = server.call("POST", "/flow_runs/filter", sort="START_TIME_DESC", limit=1)[0]["id"]

    stages = ["demos@ladle", "gate_demos@ladle", "prior@ladle", "steer@ladle", "evaluate@ladle"]
    assert ran(project) == stages
    assert server.stages(asked, ended=5) == dict.fromkeys(stages, "Completed")
    wait_for(lambda: any("hello from evaluate" in line for line in server.logs(asked)))
    progress = [line for line in server.logs(asked) if line.startswith("prior@ladle: ")]
    assert progress == ["prior@ladle: 400/400 steps, 1.0 steps/s"]  # of 401 lines

    shown = server.artifacts(asked)
    assert shown["prior-ladle-progress"]["data"] == 100.0
    assert "| success | 0 |" in shown["gate-demos-ladle-report"]["data"]
    assert "passed" in shown["gate-demos-ladle-gate"]["data"]
    assert "99.6 %" in shown["evaluate-ladle-report"]["data"]
    assert "![map](data:image/png;base64," in shown["evaluate-ladle-report"]["data"]
    assert "0.996" in shown["evaluate-ladle-metrics"]["data"]

    again = server.start("evaluate/ladle")
    assert server.end(again)["type"] == "COMPLETED"
    assert set(server.stages(again, ended=5).values()) == {"Up to date"}
    assert ran(project) == stages


def test_a_cancelled_run_ends_its_work_within_ten_seconds(server: Server, project: Path) -> None:
    behave(project, "demos@kettle", "sleep 120")
    asked = server.start("steer/kettle")
    wait_for(lambda: beating(project), PATIENCE)
    begun = time.monotonic()
    server.prefect("flow-run", "cancel", asked)
    wait_for(lambda: not alive(project))
    assert time.monotonic() - begun < 10
    assert server.end(asked)["name"] == "Cancelled"
    (project / "behave/demos@kettle").unlink()
    assert server.end(server.start("steer/kettle"))["type"] == "COMPLETED"


@pytest.mark.slow
def test_a_gates_no_is_final_and_its_report_is_shown(server: Server, project: Path) -> None:
    assert server.end(server.start("demos/ladle"))["type"] == "COMPLETED"
    behave(project, "gate_demos@ladle", "exit 2")
    (project / "reports/demos/ladle/gate.json").unlink()
    before = len(ran(project))
    asked = server.start("prior/ladle")
    state = server.end(asked)
    assert state["type"] == "FAILED" and "gate_demos@ladle" in state["message"]
    assert ran(project)[before:] == ["gate_demos@ladle"]
    assert server.stages(asked, ended=2) == {"demos@ladle": "Up to date", "gate_demos@ladle": "Failed"}
    assert "| success | 2 |" in server.artifacts(asked)["gate-demos-ladle-report"]["data"]


def test_a_stage_that_dvc_no_longer_has_is_a_clear_failure(server: Server, project: Path) -> None:
    path = project / "dvc.yaml"
    before = path.read_text()
    path.write_text(before[: before.index("  evaluate:")])
    try:
        asked = server.start("evaluate/ladle")
        state = server.end(asked)
    finally:
        path.write_text(before)
    words = ("dvc.yaml", "no stage evaluate@ladle")
    assert state["type"] == "FAILED" and all(word in state["message"] for word in words)
    wait_for(lambda: server.logs(asked))
    assert not any("Traceback" in line for line in server.logs(asked))


@pytest.mark.slow
def test_a_deployment_runs_its_own_task_only(server: Server, project: Path) -> None:
    state = server.end(server.start("demos/ladle", task="kettle"))
    assert state["type"] == "FAILED" and "deployment for 'ladle'" in state["message"]


@pytest.mark.slow
def test_a_killed_stage_is_tried_again_twice_at_most(server: Server, project: Path) -> None:
    behave(project, "steer@ladle", "kill 1")
    asked = server.start("steer/ladle", force=True)
    assert server.end(asked)["type"] == "COMPLETED"
    assert sum("Retry 1/2" in line for line in server.logs(asked)) == 1
    behave(project, "steer@ladle", "kill 9")
    asked = server.start("steer/ladle", force=True)
    state = server.end(asked)
    assert state["type"] == "FAILED" and "SIGKILL" in state["message"]
    assert (project / "behave/steer@ladle").read_text() == "kill 6"  # three attempts


@pytest.mark.slow
def test_six_runs_at_once_all_finish(server: Server, project: Path) -> None:
    """Six flows that need the same stale stages: none is lost, and no stage runs twice."""
    change_version(project)
    behave(project, "demos@ladle", "sleep 5")
    before = len(ran(project))
    names = ["evaluate/ladle", "steer/ladle", "prior/ladle", "evaluate/kettle", "pipeline/kettle", "pipeline/ladle"]
    runs = [server.start(name) for name in names]
    states = {name: server.end(asked, 400)["type"] for name, asked in zip(names, runs, strict=True)}
    assert states == dict.fromkeys(names, "COMPLETED")
    fresh = ran(project)[before:]
    assert len(fresh) == len(set(fresh)) and {"demos@ladle", "demos@kettle"} <= set(fresh)


@pytest.mark.slow
def test_a_serving_process_that_is_killed_leaves_nothing_writing(server: Server, served: Served) -> None:
    behave(served.project, "demos@ladle", "sleep 300")
    asked = server.start("demos/ladle", force=True)
    wait_for(lambda: beating(served.project), PATIENCE)
    served.process.kill()
    assert wait_for(lambda: not alive(served.project)) < 10
    state = server.end(asked)  # what is left of the run says so before it ends
    assert state["type"] == "FAILED" and "served this flow has ended" in state["message"]
    served.process = serve(server, served.project)


@pytest.mark.slow
def test_runs_that_end_with_their_serving_process_are_told_to_the_server(server: Server, served: Served) -> None:
    behave(served.project, "demos@ladle", "sleep 300")
    asked = server.start("demos/ladle", force=True)
    wait_for(lambda: beating(served.project), PATIENCE)
    end(served.process)
    assert not alive(served.project)
    state = server.state(asked)
    assert state["type"] == "CRASHED" and "ended without a word" in state["message"]
    served.process = serve(server, served.project)


@pytest.mark.slow
def test_a_worker_in_another_clone_shares_its_results(server: Server, project: Path, tmp_path: Path) -> None:
    """What a worker on another machine runs and pushes need not be run here: DVC's run-cache and remote carry it."""
    there = tmp_path / "there"
    run(tmp_path, "git", "clone", "-q", str(project), str(there))
    for package in ("expertgen", "flows", "tasks"):  # a clone has its own
        shutil.copytree(ROOT / package, there / package, ignore=shutil.ignore_patterns("__pycache__"))
    change_version(project)
    shutil.copy(project / "params.yaml", there)
    server.prefect("work-pool", "create", "--type", "process", "far")
    register = [sys.executable, "-m", "flows.serve", "--pool", "far"]
    subprocess.run(register, cwd=project, env=server.environment, check=True, capture_output=True)

    before = len(ran(project))
    with running_worker(server, there, "far"):
        asked = server.start("steer/ladle@far", push=True)
        assert server.end(asked)["type"] == "COMPLETED"
    assert ran(there)[:1] == ["demos@ladle"]
    asked = server.start("demos/ladle", pull=True)
    assert server.end(asked)["type"] == "COMPLETED"
    assert server.stages(asked, ended=2)["demos@ladle"] == "Restored"
    assert "demos@ladle" not in ran(project)[before:]
