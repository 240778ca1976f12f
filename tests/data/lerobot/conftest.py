"""A release that was written once, and a copy of it for each test that damages one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from expertgen.data.lerobot.writer import write_release
from tests.data.lerobot.samples import INFO, episodes


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of `samples.episodes`. Not to be changed."""
    path = tmp_path_factory.mktemp("written") / "release"
    write_release(path, episodes(), INFO)
    return path


@pytest.fixture
def release(written: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(written, tmp_path / "release"))
