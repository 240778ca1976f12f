"""Parameters and episodes that the gates' tests share."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from expertgen.params import Params, load_params
from tests.gates.recorded import COUNT, GATES, Recorded, run_script

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def params() -> Params:
    """The committed parameters, but COUNT demonstrations, one thread and the tests' own thresholds."""
    loaded = load_params(ROOT / "params.yaml")
    return dataclasses.replace(
        loaded, demos=dataclasses.replace(loaded.demos, episodes=COUNT),
        simulation=dataclasses.replace(loaded.simulation, num_threads=1), gates=GATES,
    )


@pytest.fixture(scope="session")
def _demonstrated(params: Params) -> Recorded:
    return Recorded.of(run_script(params, np.arange(1_000_000, 1_000_000 + COUNT)))


@pytest.fixture
def demonstrated(_demonstrated: Recorded) -> Recorded:
    """COUNT demonstrations, to be spoilt."""
    return _demonstrated.copy()
