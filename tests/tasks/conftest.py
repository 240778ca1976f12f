"""A small DVC project for each module of tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tasks.small_project import make_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("dvc") / "project")
