"""Where the project is found."""

from __future__ import annotations

from pathlib import Path

from tasks.project import project_root

ROOT = Path(__file__).parents[2]


def test_from_the_folder_and_from_below(project: Path) -> None:
    (project / "data" / "x").mkdir(parents=True, exist_ok=True)
    assert project_root(project) == project
    assert project_root(project / "data" / "x") == project


def test_elsewhere_it_is_the_repository_of_the_flows(tmp_path: Path) -> None:
    assert project_root(tmp_path) == ROOT
