"""Small stores, and writers that are killed at every step of their work."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from expertgen.data.episodes import finish_store, shard_path, write_shard

ROOT = Path(__file__).parents[2]
Arrays = dict[str, np.ndarray]
Shard = tuple[Arrays, Arrays, np.ndarray]


def _shard(index: int, lengths: list[int]) -> Shard:
    """The steps, episodes and episode_ends of a shard; shard `index` has its own numbers."""
    random = np.random.default_rng(index)
    ends = np.cumsum(lengths)
    steps = {
        "observation": random.normal(size=(ends[-1], 5)).astype(np.float32),
        "qpos": random.normal(size=(ends[-1], 3)),
        "success": random.random(ends[-1]) > 0.5,
    }
    starts = ends - lengths
    episodes = {
        "success_any": np.logical_or.reduceat(steps["success"], starts),
        "success_end": steps["success"][ends - 1],
        "seed": np.arange(len(lengths)) + 100 * index,
    }
    return steps, episodes, ends


@pytest.fixture
def make_shard() -> Callable[[int, list[int]], Shard]:
    """A function of a shard's number and its episodes' lengths that makes the arguments of `write_shard`."""
    return _shard


@pytest.fixture
def shards() -> list[Shard]:
    """The two shards of `store`, with three and two episodes."""
    return [_shard(0, [3, 1, 4]), _shard(1, [2, 7])]


@pytest.fixture
def store(tmp_path: Path, shards: list[Shard]) -> Path:
    """A finished store."""
    directory = tmp_path / "demos"
    for index, shard in enumerate(shards):
        write_shard(shard_path(directory, index), *shard, key="k")
    finish_store(directory, len(shards), {"stage": "demos", "seed": 0})
    return directory


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program in a process of its own, in `tmp_path`; its output comes back, and its failure fails."""

    def run(program: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        result = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert result.returncode == 0, result.stderr
        return result

    return run
