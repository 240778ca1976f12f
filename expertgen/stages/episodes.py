"""The table of all episodes, of demonstrations and of the expert: what the index is built from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.benchmarks import TASKS
from expertgen.data.episodes import EpisodeStore
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import provenance
from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.gates.recording import Recording
from expertgen.index.embedding import object_yaw, start_embedding, trajectory_embedding
from expertgen.index.episode_table import START, TABLE, TRAJECTORY, schema, start_columns, write_episode_table
from expertgen.params import IndexParams, Params
from expertgen.stages.gate_recordings import num_seen, recordings, unlike
from expertgen.workspace import Workspace

POLICIES = {"demos": "script", "rollouts": "expert"}  # whose episodes each store holds
_FINGERS = slice(23, 25)  # of an observation, see benchmarks.observation


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Write data/TASK/episodes.parquet: one row for each episode of the stores data/TASK/demos and data/TASK/rollouts.

    It takes seconds, so it is written each time; the bytes are the same. Raises MissingInput, CorruptArtifact,
    IncompatibleArtifact for stores whose arrays are not those of this code, StageBusy, CannotWrite.
    """
    benchmark, target = TASKS[task], workspace.data(TABLE)
    with stage_lock(workspace.lock("episodes")):
        stores = {source: workspace.data(source) for source in POLICIES}
        for source, directory in stores.items():
            _require_readable(source, task, directory)
        used = {"moments": params.index.moments, "yaw_lever": params.index.yaw_lever}
        made_from = provenance("episodes", task, params.seed, {"index": used}, stores, ("pyarrow",))
        columns = schema(
            benchmark.num_objects, 5 * benchmark.num_objects, params.index.moments * (4 + 3 * num_seen(benchmark))
        )
        rows = [row for source, store in stores.items() for row in _rows(source, store, task, params.index)]
        write_episode_table(target, rows, columns, made_from)
    counts = ", ".join(f"{sum(row['source'] == source for row in rows)} of {source}" for source in stores)
    print(f"episodes: {target}, {counts}")


def _require_readable(source: str, task: str, directory: Path) -> None:
    make = f"Make them with `expertgen {source} {task}` or `dvc repro`."
    if not directory.is_dir():
        raise MissingInput(f"no episodes at {directory}. {make}")
    EpisodeStore.open(directory)  # compares every byte with the manifest
    problem = unlike(directory, TASKS[task].num_objects, [], objects=False)
    if problem:
        raise IncompatibleArtifact(f"{directory} holds {problem}. {make}")


def _rows(source: str, directory: Path, task: str, params: IndexParams) -> Iterator[dict[str, Any]]:
    for number, episode in enumerate(recordings(directory, TASKS[task], [], objects=False)):
        yield {
            "id": f"{source}/{number:06d}", "source": source, "task": task, "policy": POLICIES[source],
            "episode": number, "seed": episode.seed, "length": episode.length, "success_any": episode.success_any,
            "success_end": episode.success_end, "healthy": episode.healthy,
            "perturbation": "none",  # no stage disturbs an episode
            **_start(episode, params.yaw_lever), TRAJECTORY: _trajectory(episode, params.moments),
        }  # fmt: skip


def _start(episode: Recording, lever: float) -> dict[str, Any]:
    """The columns of the start; nulls, which SQL and search pass over, where a store holds no numbers."""
    poses = episode.start_objects
    names = [name for index in range(len(poses)) for name in start_columns(index)]
    if not np.isfinite(poses).all():
        return dict.fromkeys([*names, START])
    values = np.concatenate([poses[:, :3], object_yaw(poses)[:, None]], axis=-1).ravel().tolist()
    return dict(zip(names, values, strict=True)) | {START: start_embedding(poses, lever)}


def _trajectory(episode: Recording, moments: int) -> np.ndarray | None:
    """None for an episode whose simulation failed: what it recorded is no motion that another could be like."""
    tool, objects = episode.tool[:, :3, 3], episode.seen_objects[..., :3]
    finger = episode.stored["observation"][:, _FINGERS].astype(np.float64).mean(-1)
    if not episode.healthy or not all(np.isfinite(array).all() for array in (tool, objects, finger)):
        return None
    return trajectory_embedding(tool, finger, objects, moments)
