"""Episode stores made shard by shard, by any number of processes: what demos and rollouts share."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from expertgen.data.episodes import EpisodeStore, finish_store, shard_is_complete, shard_path
from expertgen.data.provenance import fingerprint
from expertgen.data.write_errors import report_write_errors
from expertgen.errors import CorruptArtifact
from expertgen.metrics.wilson import Rate
from expertgen.stages.artifacts import bring_back, keep, put_in_place, same_provenance
from expertgen.stages.progress import progress
from expertgen.stages.wall_time import timed
from expertgen.stages.workers import run_in_workers
from expertgen.workspace import Workspace


@dataclass(frozen=True)
class Shard:
    """What is to be made: `count` episodes from the start `first_seed` onwards, in the shard `path` under `key`, which
    stands for all that its bytes depend on. A stage adds what its workers need to know."""

    first_seed: int
    count: int
    path: Path
    key: str

    def __str__(self) -> str:
        return self.path.name

    @property
    def seeds(self) -> NDArray[np.int64]:
        """The seeds (count,) of the starts."""
        return np.arange(self.first_seed, self.first_seed + self.count, dtype=np.int64)


Job = TypeVar("Job", bound=Shard)


@dataclass(frozen=True)
class Order(Generic[Job]):
    """A store to be made for `stage`: its provenance `made_from`, and its shards, all in the stage's work folder."""

    stage: str
    workspace: Workspace
    made_from: dict[str, Any]
    shards: list[Job]

    @property
    def is_finished(self) -> bool:
        """Whether a sound store of that provenance is in its place."""
        return _is_finished(self.stage, self.workspace.data(self.stage), self.made_from)


def order(
    stage: str, workspace: Workspace, made_from: dict[str, Any], seeds: NDArray[np.int64], shard_episodes: int,
    shard: Callable[[int, int, Path, str], Job],
) -> Order[Job]:
    """A store with an episode from each of `seeds`, `shard_episodes` to a shard; `shard` makes one of the fields of a
    Shard, in their order."""
    key, work = fingerprint(made_from), workspace.work(stage)
    parts = [seeds[first : first + shard_episodes] for first in range(0, len(seeds), shard_episodes)]
    shards = [shard(int(part[0]), len(part), shard_path(work, index), key) for index, part in enumerate(parts)]
    return Order(stage, workspace, made_from, shards)


def collect(ordered: Order[Job], make: Callable[[Job], int], workers: int) -> None:
    """Make the ordered store, and print how many episodes succeeded.

    Does nothing if it is there, and goes on where an interrupted run stopped. `make` makes a shard, and is a function
    of a module, for it is called in `workers` processes. The caller holds the stage's lock. Raises CannotWrite,
    WorkerFailed.
    """
    stage, workspace = ordered.stage, ordered.workspace
    target, work = workspace.data(stage), workspace.work(stage)
    bring_back(workspace.kept(stage), target)
    if ordered.is_finished:
        print(f"{stage}: {target} is up to date", file=sys.stderr)
        shutil.rmtree(work, ignore_errors=True)
        return
    with timed(workspace, stage):
        _make_shards(stage, work, ordered.shards, make, workers)
        finish_store(work, len(ordered.shards), ordered.made_from)
        put_in_place(work, target)
    keep(workspace.kept(stage), target)
    print(_summary(stage, EpisodeStore.open(target, verify=False)))


def _is_finished(stage: str, target: Path, made_from: dict[str, Any]) -> bool:
    """Whether `target` is a sound store of that provenance."""
    if not same_provenance(target, made_from):
        return False
    try:
        EpisodeStore.open(target)
    except CorruptArtifact:
        print(f"{stage}: {target} is damaged; making it again", file=sys.stderr)
        return False
    return True


def _summary(stage: str, store: EpisodeStore) -> str:
    """One line: success at any time and at the end with 95 % Wilson intervals, n, seeds."""
    seeds, unhealthy = store.read_episodes("seed"), int((~store.read_episodes("healthy")).sum())
    note = f"; {unhealthy} failed to simulate and count as failures" if unhealthy else ""
    return (
        f"{stage}: success at any time {Rate.of(store.successes())}, "
        f"at the end {Rate.of(store.successes(at_end=True))}, "
        f"n = {len(seeds)}, seeds {seeds[0]} to {seeds[-1]}{note}"
    )


def _make_shards(stage: str, work: Path, jobs: Sequence[Job], make: Callable[[Job], int], workers: int) -> None:
    """Make what is missing; remove what an interrupted or an unlike run left beside the shards."""
    with report_write_errors(work):
        work.mkdir(parents=True, exist_ok=True)
    done = [job for job in jobs if shard_is_complete(job.path, job.key)]
    kept = {job.path for job in done}
    for path in set(work.iterdir()) - kept:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if done:
        print(f"{stage}: going on with {len(done)} of {len(jobs)} shards from an interrupted run", file=sys.stderr)
    todo = [job for job in jobs if job.path not in kept]
    finished, total = (sum(job.count for job in part) for part in (done, jobs))
    with (
        progress(stage, total, "episodes", initial=finished) as bar,
        closing(run_in_workers(make, todo, workers)) as results,
    ):
        for count in results:
            bar.update(count)
