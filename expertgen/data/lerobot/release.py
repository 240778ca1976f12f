"""A release opened for checking: its tables in memory, its videos on disk."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from expertgen.data.lerobot import layout
from expertgen.data.lerobot.layout import Place
from expertgen.data.lerobot.parquet_files import read_table
from expertgen.data.lerobot.problems import reading
from expertgen.data.lerobot.schemas import data_schema, episodes_schema, tasks_of
from expertgen.data.lerobot.verify_files import own_files


class Release:
    """The contents of a release whose meta/info.json is sound. What cannot be read raises Unreadable, when it is first
    asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.info: dict[str, Any] = self.json(layout.INFO)
        self.features: dict[str, dict[str, Any]] = self.info["features"]
        self.fps: int = self.info["fps"]
        self.video_keys = layout.video_keys(self.features)

    def json(self, name: str) -> Any:
        """A JSON file."""
        with reading(name):
            return json.loads((self.root / name).read_text(encoding="utf-8"))

    def text(self, name: str) -> str:
        """A text file."""
        with reading(name):
            return (self.root / name).read_text(encoding="utf-8")

    def file_names(self) -> list[str]:
        """Relative paths of the release's files, sorted."""
        return own_files(self.root)

    @functools.cached_property
    def tasks(self) -> dict[int, str]:
        """Number → instruction."""
        with reading(layout.TASKS):
            return tasks_of(read_table(self.root / layout.TASKS))

    @functools.cached_property
    def lineage(self) -> dict[str, str]:
        """Artifact → SHA-256."""
        return dict(self.json(layout.LINEAGE))

    @functools.cached_property
    def _episodes(self) -> pa.Table:
        tables, schema = [], episodes_schema(self.features, list(self.lineage))
        for name in (name for name in self.file_names() if name.startswith("meta/episodes/")):
            with reading(name):
                tables.append(_of_schema(read_table(self.root / name), schema))
        with reading("meta/episodes"):
            return pa.concat_tables(tables)

    def column(self, name: str) -> list[Any]:
        """A column of meta/episodes, one value for each episode."""
        values: list[Any] = self._episodes[name].to_pylist()
        return values

    @functools.cached_property
    def lengths(self) -> NDArray[np.int64]:
        """(episodes,): frames of each."""
        return np.array(self.column("length"), dtype=np.int64)

    @functools.cached_property
    def starts(self) -> NDArray[np.int64]:
        """(episodes,): frames before each."""
        return np.cumsum(self.lengths) - self.lengths

    def places(self, prefix: str) -> list[Place]:
        """Where each episode lies: `prefix` is data, meta/episodes or videos/KEY."""
        pairs = zip(self.column(f"{prefix}/chunk_index"), self.column(f"{prefix}/file_index"), strict=True)
        return [Place(*pair) for pair in pairs]

    @functools.cached_property
    def data_tables(self) -> dict[Place, pa.Table]:
        """Every file of data, in the order of episodes."""
        tables, schema = {}, data_schema(self.features)
        for place in dict.fromkeys(self.places("data")):
            name = place.path(layout.DATA_PATH)
            with reading(name):
                tables[place] = _of_schema(read_table(self.root / name), schema)
        return tables

    @functools.cached_property
    def data(self) -> dict[str, NDArray[Any]]:
        """Every column of data/*.parquet, (frames,) or (frames, D), in the order of episodes."""
        table = pa.concat_tables(self.data_tables.values())
        return {name: _numpy(table[name].combine_chunks(), feature["shape"][0])
                for name, feature in layout.columns(self.features).items()}  # fmt: skip


def _of_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if not table.schema.equals(schema):
        found = {field.name: str(field.type) for field in table.schema}
        expected = {field.name: str(field.type) for field in schema}
        differing = [name for name in {**expected, **found} if found.get(name) != expected.get(name)]
        if not differing:
            raise ValueError("its columns are in another order")
        name = differing[0]
        raise ValueError(f"column {name}: found {found.get(name)}, expected {expected.get(name)}")
    if any(column.null_count for column in table.columns):
        raise ValueError("it has empty cells")
    return table


def _numpy(column: pa.Array, size: int) -> NDArray[Any]:
    if size == 1:
        return np.asarray(column.to_numpy(zero_copy_only=False))
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(-1, size)
