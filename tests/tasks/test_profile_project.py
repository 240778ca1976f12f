"""The DVC project of a profile: the graph of the one, the parameters and outputs of the other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from expertgen.errors import UnknownName
from expertgen.params import load_params
from expertgen.workspace import Workspace
from tasks.errors import NoProject
from tasks.graph import read_graph
from tasks.profile_project import main, profile_project
from tests.small_project import make_small_project


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with tiny parameters and a profile with one demonstration more."""
    make_small_project(tmp_path)
    values = yaml.safe_load((tmp_path / "params.yaml").read_text())
    values["demos"]["workers"] = 1  # without processes of their own, which would take most of the time
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "more.yaml").write_text("demos: {episodes: 9}\n")
    return tmp_path


def repro(folder: Path) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    subprocess.run(["dvc", "repro", "demos@lift_banana"], cwd=folder, env=environment, check=True, capture_output=True)


def test_dvc_makes_what_the_command_line_makes_of_it_and_leaves_the_others_alone(root: Path) -> None:
    repro(root)
    lock, demos = (root / "dvc.lock").read_bytes(), Workspace(root, "lift_banana").data("demos")
    manifest = (demos / "manifest.json").read_bytes()
    folder = profile_project(root, "more")
    repro(folder)
    made = Workspace.of_profile(root, "lift_banana", "more").data("demos")
    assert made.is_relative_to(folder) and (made / "manifest.json").read_bytes() != manifest
    assert load_params(folder / "params.yaml") == load_params(root / "params.yaml", "more")
    assert (root / "dvc.lock").read_bytes() == lock and (demos / "manifest.json").read_bytes() == manifest
    again = [sys.executable, "-m", "expertgen", "--profile", "more", "demos", "lift_banana"]
    assert b"up to date" in subprocess.run(again, cwd=root, check=True, capture_output=True).stderr


def test_it_has_the_stages_of_the_project(root: Path) -> None:
    assert read_graph(profile_project(root, "more")).stages == read_graph(root).stages
    assert profile_project(root, "cpu") == root


def test_a_changed_parameter_reaches_it_and_a_remote_added_to_it_stays(root: Path) -> None:
    folder = profile_project(root, "more")
    config = folder / ".dvc" / "config"
    config.write_text(config.read_text() + "['remote \"mine\"']\n    url = /nowhere\n")
    (root / "profiles" / "more.yaml").write_text("demos: {episodes: 10}\n")
    profile_project(root, "more")
    assert load_params(folder / "params.yaml").demos.episodes == 10 and "mine" in config.read_text()


def test_mistakes_are_told(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="more"):
        profile_project(root, "mroe")
    monkeypatch.chdir(root)
    assert main(["profile_project", "mroe"]) == 2
    assert "mroe" in capsys.readouterr().err
    (root / "runs" / "more").mkdir(parents=True)
    (root / "runs" / "more" / "dvc.yaml").write_text("stages: {}\n")
    with pytest.raises(NoProject, match=r"dvc\.yaml"):
        profile_project(root, "more")
