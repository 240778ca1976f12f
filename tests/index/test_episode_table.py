"""episodes.parquet: the same bytes for the same rows, and damage told."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.index.episode_table import read_episode_table, schema, table_provenance, write_episode_table
from tests.index.made import rows

COLUMNS = schema(1, 2, 2)


def test_it_reads_back_and_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    episodes = rows([[0.0, 1.0], None])
    for name in ("one", "two"):
        write_episode_table(tmp_path / name, episodes, COLUMNS, {"seed": 1, "inputs": {"b": 2, "a": 3}})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    table = read_episode_table(tmp_path / "one", "lift_banana")
    assert table.to_pylist() == [{name: row[name] for name in COLUMNS.names} for row in episodes]
    assert table_provenance(table) == {"seed": 1, "inputs": {"a": 3, "b": 2}}


def test_objects_after_the_first_have_columns_of_their_own() -> None:
    assert [name for name in schema(2, 10, 2).names if name.endswith("_2")] == [
        "start_x_2", "start_y_2", "start_z_2", "start_yaw_2"
    ]  # fmt: skip


def test_a_missing_a_damaged_and_a_foreign_table(tmp_path: Path) -> None:
    path = tmp_path / "episodes.parquet"
    with pytest.raises(MissingInput, match="expertgen episodes lift_banana"):
        read_episode_table(path, "lift_banana")
    write_episode_table(path, rows([[0.25, 1.0]] * 50), COLUMNS, {})
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptArtifact, match=r"episodes\.parquet cannot be read"):
        read_episode_table(path, "lift_banana")
    pq.write_table(pa.table({"id": ["a"]}), path)
    with pytest.raises(IncompatibleArtifact, match="start_vector"):
        read_episode_table(path, "lift_banana")
