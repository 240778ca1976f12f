"""Settings that every test shares."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: tiny networks only lose by threads

import pytest
from hypothesis import settings

import expertgen.sims  # noqa: F401  # before mujoco, so that it chooses how to render
from tests.small_project import make_small_project, run

# No deadlines, for the machine may be busy; no randomness, for a failure must be there on the next run too.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

# Files with few tests that take minutes. They come first, or one process would be left with them at the end. Behind
# the first, which makes the reproduced project for minutes, come those that do not wait for it.
_LONG = (
    "test_repro.py", "test_served.py", "test_s3_remote.py", "test_local_remote.py", "test_run.py", "test_reproduce.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; run with --no-loadscope-reorder, for pytest-xdist sorts by the number of tests."""
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else len(_LONG))


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project after one `dvc repro`; beside it lies `output`, what DVC printed. To be read only.

    One for all processes that run the tests.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "reproduced" / "project"
    with open(shared / "reproduced.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder.parent / "output").exists():
            make_small_project(folder)
            printed = run(folder, "dvc", "repro")
            (folder.parent / "output").write_text(printed, encoding="utf-8")
    return folder
