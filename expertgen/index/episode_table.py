"""episodes.parquet: one row per episode, the same bytes each time, from which the index is built at any time."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from expertgen.data.atomic import atomic_write_bytes
from expertgen.data.json_text import compact_json
from expertgen.data.lerobot.parquet_files import read_table
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput

TABLE = "episodes.parquet"
START, TRAJECTORY = "start_vector", "embedding"  # the columns of vectors
PROVENANCE = b"expertgen.provenance"
_PLAIN: dict[str, pa.DataType] = {
    "id": pa.string(), "source": pa.string(), "task": pa.string(), "policy": pa.string(), "episode": pa.int64(),
    "seed": pa.int64(), "length": pa.int64(), "success_any": pa.bool_(), "success_end": pa.bool_(),
    "healthy": pa.bool_(), "perturbation": pa.string(),
}  # fmt: skip


def schema(objects: int, start_size: int, trajectory_size: int) -> pa.Schema:
    """The columns for a task with so many objects, and vectors of these sizes."""
    starts = {name: pa.float64() for index in range(objects) for name in start_columns(index)}
    vectors = {START: pa.list_(pa.float32(), start_size), TRAJECTORY: pa.list_(pa.float32(), trajectory_size)}
    return pa.schema(list((_PLAIN | starts | vectors).items()))


def start_columns(index: int) -> tuple[str, str, str, str]:
    """The columns of the pose that object `index`, counted from 0, starts in: x, y, z in m, base frame, yaw in rad."""
    suffix = f"_{index + 1}" if index else ""
    return f"start_x{suffix}", f"start_y{suffix}", f"start_z{suffix}", f"start_yaw{suffix}"


def write_episode_table(
    path: Path, rows: Iterable[dict[str, Any]], columns: pa.Schema, provenance: dict[str, Any]
) -> None:
    """Write one row for each of `rows`, which have a value (None: null) for each column. Raises CannotWrite."""
    table = pa.Table.from_pylist(list(rows), schema=columns.with_metadata({PROVENANCE: compact_json(provenance)}))
    stream = pa.BufferOutputStream()
    pq.write_table(table, stream, compression="zstd", write_page_checksum=True)
    atomic_write_bytes(path, stream.getvalue().to_pybytes())


def read_episode_table(path: Path, task: str) -> pa.Table:
    """The table at `path`, the checksums of its pages verified.

    Raises MissingInput, CorruptArtifact, and IncompatibleArtifact for a table without ids or vectors.
    """
    make = f"Make it with `expertgen episodes {task}`"
    if not path.is_file():
        raise MissingInput(f"no table of episodes at {path}. {make}, or fetch it with `dvc pull episodes@{task}`.")
    try:
        table = read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise CorruptArtifact(f"{path} cannot be read ({error}). Delete it. {make}.") from error
    lost = [name for name in ("id", START, TRAJECTORY) if name not in table.column_names]
    if lost:
        raise IncompatibleArtifact(f"{path} has no column {lost[0]}, which every table of episodes has. {make}.")
    return table


def table_provenance(table: pa.Table) -> dict[str, Any]:
    """What a table of episodes was made from; empty where it does not say."""
    found: dict[str, Any] = json.loads((table.schema.metadata or {}).get(PROVENANCE, b"{}"))
    return found
