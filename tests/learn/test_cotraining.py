"""Batches of simulated and real samples in a fixed share, and a Dagger that begins where a student is."""

from __future__ import annotations

import numpy as np
import pytest

from expertgen.learn.cotraining import MixedMemory
from expertgen.learn.sample_memory import SampleMemory

FIELDS = {"seen": ((2, 3), np.float16), "chunk": ((1,), np.float32)}
REAL = {"seen": np.full((5, 2, 3), -1, np.float16), "chunk": -1.0 - np.arange(5, dtype=np.float32)[:, None]}


@pytest.fixture
def simulated(tmp_path):
    memory = SampleMemory(tmp_path / "memory", 30, FIELDS, 0)
    memory.insert({"seen": np.zeros((20, 2, 3), np.float16), "chunk": np.arange(20, dtype=np.float32)[:, None]})
    return memory


def batch(memory, size, seed=0):
    """As Dagger draws it."""
    return memory.draw(np.sort(np.random.default_rng(seed).integers(len(memory), size=size)))


@pytest.mark.parametrize("share, size, reals", [(0.1, 256, 26), (0.5, 8, 4), (0.01, 8, 1), (0.99, 4, 4), (0.0, 8, 0)])
def test_each_batch_has_the_share_of_real_samples(simulated, share, size, reals):
    for seed in range(3):
        drawn = batch(MixedMemory(simulated, REAL, share), size, seed)
        assert drawn["seen"].shape == (size, 2, 3) and drawn["seen"].dtype == np.float16
        assert (drawn["chunk"] < 0).sum() == reals
        assert np.array_equal((drawn["seen"] < 0).all((1, 2)), drawn["chunk"][:, 0] < 0)


def test_all_samples_of_either_kind_are_drawn_about_equally_often(simulated):
    memory = MixedMemory(simulated, REAL, 0.5)
    drawn = np.concatenate([batch(memory, 64, seed)["chunk"][:, 0] for seed in range(200)])
    found, counts = np.unique(drawn, return_counts=True)
    assert len(found) == 25
    assert np.abs(counts[found < 0] / 1280 - 1).max() < 0.15 and np.abs(counts[found >= 0] / 320 - 1).max() < 0.25


def test_without_a_share_real_samples_are_not_touched(simulated):
    memory = MixedMemory(simulated, {}, 0.0)
    assert (batch(memory, 8)["chunk"] >= 0).all()


def test_a_share_of_nothing_is_refused(simulated):
    with pytest.raises(ValueError, match="none of them"):
        MixedMemory(simulated, {name: values[:0] for name, values in REAL.items()}, 0.1)


def test_it_goes_on_with_the_files(simulated):
    memory = MixedMemory(simulated, REAL, 0.5)
    memory.insert({"seen": np.ones((10, 2, 3), np.float16), "chunk": np.full((10, 1), 99, np.float32)})
    assert memory.inserted == 30 and (simulated.draw(np.arange(20, 30))["chunk"] == 99).all()
