"""A project whose stages were run without a fault, once for all tests that want to compare with it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from tests.faults.project import Project
from tests.small_project import TASK


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """All stages, uninterrupted; one for all processes that run the tests. To be read only."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with open(shared / "reference.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = shared / "reference" / "project"
        if (folder / "whole").exists():
            return Project.at(folder)
        project = Project(folder)
        project.run_all()
        (folder / "whole").touch()
        return project


@pytest.fixture(scope="session")
def seconds(reference: Project) -> dict[str, float]:
    """How long each stage of `reference` worked, s."""
    path = reference.folder / "reports" / TASK / "wall_time.json"
    return {str(stage): float(value) for stage, value in json.loads(path.read_text(encoding="utf-8")).items()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in which nothing has run."""
    return Project(tmp_path / "project")
