"""One emulation for all tests of a process that need the real client; they leave it as they found it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from expertgen.emulation.process import emulation
from expertgen.emulation.remote import Remote

PARAMS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture(scope="session")
def emulated() -> Iterator[Remote]:
    """Lift Banana in lockstep, at an address of this process's own, or the one that EXPERTGEN_EMULATION names."""
    pytest.importorskip("franky_sim")
    pytest.importorskip("franky")
    if "EXPERTGEN_EMULATION" in os.environ:
        with Remote(os.environ["EXPERTGEN_EMULATION"]) as remote:
            yield remote
        return
    pid = os.getpid()
    with emulation("lift_banana", PARAMS, f"127.{20 + pid % 200}.{pid // 200 % 250}.7") as remote:
        yield remote
