"""Recorded trials as an input of DVC: added, judged, reported, fetched again; and no stage that could move an arm."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.small_project import ROOT, TASK, make_small_project, run
from tests.trials.made import go, protocol

TRIALS = f"data/{TASK}/trials"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded") / "project"
    make_small_project(folder)
    values = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    values["trials"]["tasks"] = [TASK]
    (folder / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    go(folder / TRIALS / "first", protocol(folder.parent))
    run(folder, "dvc", "add", f"{TRIALS}/first")
    return folder


def test_recorded_trials_are_judged_reported_and_fetched_again(project: Path) -> None:
    ran = run(project, "dvc", "repro", f"trials@{TASK}")
    assert [line.split("'")[1] for line in ran.splitlines() if line.startswith("Running stage")] == [
        f"gate_trials@{TASK}", f"trials@{TASK}"
    ]  # fmt: skip
    assert (project / "reports" / "trials" / TASK / "trials.md").is_file()
    shutil.rmtree(project / TRIALS / "first")
    run(project, "dvc", "checkout", f"{TRIALS}/first.dvc")
    assert (project / TRIALS / "first" / "log.jsonl").is_file()
    again = run(project, "dvc", "repro", f"trials@{TASK}")
    # The trials are upstream of their stages, and nothing has changed.
    assert "Running stage" not in again and "first.dvc" in again


def test_git_keeps_what_names_the_trials_and_nothing_of_them(project: Path) -> None:
    run(project, "git", "add", "-A")
    kept = [name for name in run(project, "git", "ls-files").splitlines() if name.startswith("data/")]
    assert kept == [f"{TRIALS}/first.dvc"]


def test_no_stage_runs_trials() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    commands = [stage.get("do", stage)["cmd"] for stage in stages.values()]
    assert not [command for command in commands if " robot" in command]
