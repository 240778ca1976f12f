"""A project whose stages were run without a fault, once for all tests that want to compare with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.project import Project
from tests.small_project import TASK


@pytest.fixture(scope="session")
def reference(reproduced: Path) -> Project:
    """All stages, uninterrupted, by DVC. To be read only."""
    return Project.at(reproduced)


@pytest.fixture(scope="session")
def seconds(reference: Project) -> dict[str, float]:
    """How long each stage of `reference` worked, s."""
    path = reference.folder / "reports" / TASK / "wall_time.json"
    return {str(stage): float(value) for stage, value in json.loads(path.read_text(encoding="utf-8")).items()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in which nothing has run."""
    return Project(tmp_path / "project")
