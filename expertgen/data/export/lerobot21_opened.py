"""A dataset in LeRobot v2.1, opened for checking."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from expertgen.data.export import lerobot21_layout as v21
from expertgen.data.lerobot import layout
from expertgen.data.lerobot.parquet_files import read_table
from expertgen.data.lerobot.problems import reading
from expertgen.data.lerobot.schemas import data_schema
from expertgen.data.lerobot.verify_files import own_files


class Export21:
    """A dataset in LeRobot v2.1. What cannot be read raises Unreadable, when it is first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.info: dict[str, Any] = self.json(layout.INFO)
        with reading(layout.INFO):
            self.features: dict[str, dict[str, Any]] = dict(self.info["features"])
            self.video_keys = layout.video_keys(self.features)
            self.columns = layout.columns(self.features)
            self.schema = data_schema(self.features)
            self.fps = self.info["fps"]

    def json(self, name: str) -> Any:
        """A JSON file."""
        with reading(name):
            return json.loads((self.root / name).read_text(encoding="utf-8"))

    def lines(self, name: str) -> list[dict[str, Any]]:
        """A file of a JSON object in each line."""
        with reading(name):
            return [dict(json.loads(line)) for line in (self.root / name).read_text(encoding="utf-8").splitlines()]

    def file_names(self) -> list[str]:
        """Relative paths of the export's files, sorted."""
        return own_files(self.root)

    @cached_property
    def episodes(self) -> list[dict[str, Any]]:
        """The rows of meta/episodes.jsonl."""
        return self.lines(v21.EPISODES)

    @cached_property
    def lengths(self) -> list[int]:
        """Frames of each episode, by meta/episodes.jsonl."""
        with reading(v21.EPISODES):
            return [int(row["length"]) for row in self.episodes]

    def table(self, number: int) -> pa.Table:
        """The rows of data of one episode."""
        with reading(v21.data_path(number)):
            return read_table(self.root / v21.data_path(number))

    def values(self, table: pa.Table) -> dict[str, NDArray[Any]]:
        """The columns of such rows, (T,) or (T, D)."""
        found = {}
        for name, feature in self.columns.items():
            column, size = table[name].combine_chunks(), feature["shape"][0]
            array = (column if size == 1 else column.flatten()).to_numpy(zero_copy_only=False)
            found[name] = array if size == 1 else np.asarray(array).reshape(-1, size)
        return found
