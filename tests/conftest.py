"""Settings that every test shares."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: tiny networks only lose by threads

from hypothesis import settings

import expertgen.sims  # noqa: F401  # before mujoco, so that it chooses how to render

# No deadlines, for the machine may be busy; no randomness, for a failure must be there on the next run too.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
