"""Episode stores made shard by shard, by any number of processes: what demos and rollouts share."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol, TypeVar

from expertgen.data.episodes import EpisodeStore, finish_store, shard_is_complete
from expertgen.data.write_errors import report_write_errors
from expertgen.errors import CorruptArtifact
from expertgen.metrics.wilson import Rate
from expertgen.stages.artifacts import put_in_place, same_provenance
from expertgen.stages.progress import progress
from expertgen.stages.workers import run_in_workers


class Shard(Protocol):
    """What is to be made: `count` episodes in the shard `path`, from what `key` stands for."""

    @property
    def path(self) -> Path: ...

    @property
    def key(self) -> str: ...

    @property
    def count(self) -> int: ...


Job = TypeVar("Job", bound=Shard)


def make_store(
    stage: str, jobs: Sequence[Job], make: Callable[[Job], int], workers: int, made_from: dict[str, Any], target: Path
) -> None:
    """Make the shards that are not yet complete, all in one work folder, and put the finished store at `target`.

    `make` is a function of a module, for it is called in `workers` processes. Raises CannotWrite, WorkerFailed.
    """
    _collect(stage, jobs, make, workers)
    work = jobs[0].path.parent
    finish_store(work, len(jobs), made_from)
    put_in_place(work, target)


def store_is_finished(stage: str, target: Path, made_from: dict[str, Any]) -> bool:
    """Whether `target` is a sound store of that provenance."""
    if not same_provenance(target, made_from):
        return False
    try:
        EpisodeStore.open(target)
    except CorruptArtifact:
        print(f"{stage}: {target} is damaged; making it again", file=sys.stderr)
        return False
    return True


def summary(stage: str, store: EpisodeStore) -> str:
    """One line: success at any time and at the end with 95 % Wilson intervals, n, seeds."""
    seeds, unhealthy = store.read_episodes("seed"), int((~store.read_episodes("healthy")).sum())
    note = f"; {unhealthy} failed to simulate and count as failures" if unhealthy else ""
    return (
        f"{stage}: success at any time {Rate.of(store.successes())}, "
        f"at the end {Rate.of(store.successes(at_end=True))}, "
        f"n = {len(seeds)}, seeds {seeds[0]} to {seeds[-1]}{note}"
    )


def _collect(stage: str, jobs: Sequence[Job], make: Callable[[Job], int], workers: int) -> None:
    """Make what is missing; remove what an interrupted or an unlike run left beside the shards."""
    work = jobs[0].path.parent
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
