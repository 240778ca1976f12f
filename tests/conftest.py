"""Settings that every test shares."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: tiny networks only lose by threads

import pytest
from hypothesis import settings

import expertgen.sims  # noqa: F401  # before mujoco, so that it chooses how to render

# No deadlines, for the machine may be busy; no randomness, for a failure must be there on the next run too.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

# Files with few tests that take minutes. They come first, or one process would be left with them at the end.
_LONG = (
    "test_repro.py", "test_kills.py", "test_served.py", "test_full_disk.py", "test_s3_remote.py",
    "test_local_remote.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; run with --no-loadscope-reorder, for pytest-xdist sorts by the number of tests."""
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else len(_LONG))
