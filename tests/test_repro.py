"""dvc.yaml with real DVC, in a project of its own with tiny parameters: what runs, what does not, what is shipped."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.small_project import run

ALL = [
    "demos", "gate_demos", "prior", "preflight", "gate_prior", "steer", "gate_steer", "rollouts", "gate_rollouts",
    "episodes", "evaluate", "gate_evaluate", "perturb", "release", "page", "distill", "gate_distill",
    "student", "report",
]  # fmt: skip


def ran(output: str) -> list[str]:
    """The stages that DVC executed, in order."""
    return [line.split("'")[1].split("@")[0] for line in output.splitlines() if line.startswith("Running stage")]


def set_parameter(project: Path, section: str, key: str, value: object) -> None:
    values = yaml.safe_load((project / "params.yaml").read_text())
    values[section][key] = value
    (project / "params.yaml").write_text(yaml.safe_dump(values))


@pytest.fixture(scope="module")
def project(reproduced: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the reproduced project, for these tests alone."""
    return Path(shutil.copytree(reproduced, tmp_path_factory.mktemp("copied") / "project", symlinks=True))


def test_one_repro_runs_every_stage(reproduced: Path) -> None:
    assert sorted(ran((reproduced.parent / "output").read_text(encoding="utf-8"))) == sorted(ALL)


def test_a_second_repro_does_nothing(project: Path) -> None:
    assert ran(run(project, "dvc", "repro")) == []


def test_a_changed_parameter_reruns_only_what_depends_on_it(project: Path) -> None:
    set_parameter(project, "perturb", "episodes", 5)
    assert sorted(ran(run(project, "dvc", "repro"))) == ["perturb", "report"]


@pytest.mark.slow
def test_other_starts_of_the_evaluation_rerun_what_rests_on_them(project: Path) -> None:
    set_parameter(project, "evaluate", "seed", 30000)
    # Gates judge these seeds too, and the release rests on what was evaluated. No training is touched.
    rerun = ["evaluate", "gate_demos", "gate_evaluate", "gate_rollouts", "page", "perturb", "release", "report",
             "student"]  # fmt: skip
    assert sorted(ran(run(project, "dvc", "repro"))) == rerun


def test_a_threshold_reruns_its_gate_alone_and_a_broken_one_stops_the_consumers(project: Path) -> None:
    thresholds = yaml.safe_load((project / "params.yaml").read_text())["gates"]["demos"]
    set_parameter(project, "gates", "demos", thresholds | {"episodes": 9})
    failed = run(project, "dvc", "repro", fails=True)
    assert ran(failed) == ["gate_demos"] and "8" in failed and "9" in failed
    assert (project / "reports/demos/lift_banana/gate.md").is_file()
    set_parameter(project, "gates", "demos", thresholds | {"episodes": 7})
    assert ran(run(project, "dvc", "repro")) == ["gate_demos", "page"]


def test_the_remote_in_the_repository_gets_checkpoints_and_no_demonstrations(project: Path, tmp_path: Path) -> None:
    run(project, "dvc", "push")
    run(project, "git", "add", "-A")
    run(project, "git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "all")
    kept = run(project, "git", "ls-files").splitlines()
    assert any(name.startswith("released/") for name in kept)
    assert not any(name.startswith("data/") for name in kept)
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "-q", str(project), str(clone))
    run(clone, "dvc", "pull", "prior@lift_banana", "steer@lift_banana")
    assert (clone / "data/lift_banana/expert/tensors.safetensors").is_file()
    assert not (clone / "data/lift_banana/demos").exists()
    line = run(clone, sys.executable, "-m", "expertgen", "evaluate", "lift_banana", "--policy", "expert",
               "--episodes", "4", "--seed", "40000", "--json", "out.json")  # fmt: skip
    assert "4" in line and (clone / "out.json").is_file()


def test_the_prior_is_judged_anew_after_another_preflight_and_not_trained(project: Path) -> None:
    """Last, for it leaves the stages after the gate stale, which would take long."""
    set_parameter(project, "preflight", "noises", 3)
    assert ran(run(project, "dvc", "repro", "gate_prior@lift_banana")) == ["preflight", "gate_prior"]
