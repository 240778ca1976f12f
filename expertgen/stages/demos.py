"""Demonstrations by the scripted policy, failed ones included and marked (ExpertGen, III-A)."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from expertgen.data.episodes import EpisodeStore, finish_store, shard_is_complete, shard_path
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint, provenance
from expertgen.data.write_errors import report_write_errors
from expertgen.errors import CorruptArtifact
from expertgen.metrics.wilson import Rate
from expertgen.params import Params, as_dict
from expertgen.stages.artifacts import put_in_place, same_provenance
from expertgen.stages.demos_shard import ShardJob, make_shard
from expertgen.stages.demos_workers import run_in_workers
from expertgen.stages.progress import progress
from expertgen.stages.starts import DEMOS, evaluation_seeds, start_seeds
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Collect `demos.episodes` episodes into the store data/TASK/demos, or go on where an interrupted run stopped.

    The number of workers changes no byte. Raises InvalidParameter, StageBusy, CannotWrite, WorkerFailed.
    """
    evaluation_seeds(params)  # refuses an evaluation on these starts now, and not when all is trained
    target, work = workspace.data("demos"), workspace.work("demos")
    with stage_lock(workspace.lock("demos")):
        made_from = provenance("demos", task, params.seed, _parameters(params), {})
        if _is_finished(target, made_from):
            print(f"demos: {target} is up to date", file=sys.stderr)
            shutil.rmtree(work, ignore_errors=True)
            return
        jobs = _jobs(params, task, work, fingerprint(made_from))
        with timed(workspace, "demos"):
            _collect(jobs, params.demos.workers)
            finish_store(work, len(jobs), made_from)
            put_in_place(work, target)
    print(summary(EpisodeStore.open(target, verify=False)))


def summary(store: EpisodeStore) -> str:
    """One line: success at any time and at the end with 95 % Wilson intervals, n, seeds."""
    seeds, unhealthy = store.read_episodes("seed"), int((~store.read_episodes("healthy")).sum())
    note = f"; {unhealthy} failed to simulate and count as failures" if unhealthy else ""
    return (
        f"demos: success at any time {Rate.of(store.successes())}, at the end {Rate.of(store.successes(at_end=True))}, "
        f"n = {len(seeds)}, seeds {seeds[0]} to {seeds[-1]}{note}"
    )


def _parameters(params: Params) -> dict[str, Any]:
    """What the store's bytes depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "script", "demos")}
    del values["simulation"]["num_threads"], values["demos"]["workers"]
    return values


def _is_finished(target: Path, made_from: dict[str, Any]) -> bool:
    if not same_provenance(target, made_from):
        return False
    try:
        EpisodeStore.open(target)
    except CorruptArtifact:
        print(f"demos: {target} is damaged; making it again", file=sys.stderr)
        return False
    return True


def _jobs(params: Params, task: str, work: Path, key: str) -> list[ShardJob]:
    episodes, size = params.demos.episodes, params.demos.shard_episodes
    seeds = start_seeds(DEMOS, params, episodes)
    return [
        ShardJob(
            task, params.simulation, params.script, int(seeds[first]), min(size, episodes - first),
            shard_path(work, index), key,
        )
        for index, first in enumerate(range(0, episodes, size))
    ]


def _collect(jobs: list[ShardJob], workers: int) -> None:
    """Make the shards that are not yet complete; remove what an interrupted or an unlike run left beside them."""
    work = jobs[0].path.parent
    with report_write_errors(work):
        work.mkdir(parents=True, exist_ok=True)
    done = [job for job in jobs if shard_is_complete(job.path, job.key)]
    kept = {job.path for job in done}
    for path in set(work.iterdir()) - kept:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if done:
        print(f"demos: going on with {len(done)} of {len(jobs)} shards from an interrupted run", file=sys.stderr)
    todo = [job for job in jobs if job.path not in kept]
    finished, total = (sum(job.count for job in part) for part in (done, jobs))
    with (
        progress("demos", total, "episodes", initial=finished) as bar,
        closing(run_in_workers(make_shard, todo, workers)) as results,
    ):
        for count in results:
            bar.update(count)
