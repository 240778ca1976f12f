"""The LanceDB database over a table of episodes. Its file names are random, so it is no output: it is built anew."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from expertgen.data.atomic import atomic_directory, atomic_write_json
from expertgen.errors import CorruptArtifact, InvalidParameter
from expertgen.index.episode_table import START, TRAJECTORY

_NAME, _BUILT_FROM = "episodes", "built_from.json"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
# What LanceDB's messages hold beside the reason: places in its sources, its own words, and columns listed below anyway.
_INTERNALS = re.compile(r",? */\S+\.rs:\d+\S*|Invalid (user )?input[:,] *|Schema error: *| Valid fields are .*")
_DISTANCE = "_distance"


def build_database(directory: Path, table: pa.Table, built_from: dict[str, str]) -> None:
    """Make `directory` a database of `table`, written in one batch; `built_from` is what it is current for.

    An earlier one is replaced whole, and stands until then. Raises CannotWrite.
    """
    with atomic_directory(directory) as fresh:
        # Null vectors, of episodes that have none, count as bad ones, and stay null.
        lancedb.connect(fresh).create_table(_NAME, table.replace_schema_metadata(None), on_bad_vectors="null")
        atomic_write_json(fresh / _BUILT_FROM, built_from)


def database_is_current(directory: Path, built_from: dict[str, str]) -> bool:
    """Whether there is a database in `directory` that was built from that."""
    try:
        return bool(json.loads((directory / _BUILT_FROM).read_text(encoding="utf-8")) == built_from)
    except (OSError, ValueError):
        return False


def origin(episodes_sha256: str) -> dict[str, str]:
    """What a database of the table with that SHA-256 is built from: the table, by this LanceDB."""
    return {"episodes": episodes_sha256, "lancedb": metadata.version("lancedb")}


@dataclass(frozen=True)
class Database:
    """An opened database. Rows come back as dicts of every column but the vectors, in the order of their ids."""

    table: Any
    columns: list[str]

    @classmethod
    def open(cls, directory: Path) -> Database:
        """Raises CorruptArtifact when `directory` holds no database that can be read."""
        try:
            table = lancedb.connect(directory).open_table(_NAME)
            return cls(table, [name for name in table.schema.names if name not in (START, TRAJECTORY)])
        except Exception as error:  # damage surfaces as ValueError, RuntimeError, OSError, by which file is hit
            raise CorruptArtifact(
                f"the index {directory} cannot be read ({error}). Delete it and run the command again."
            ) from error

    def rows(self, where: str | None = None) -> list[dict[str, Any]]:
        """The episodes that the SQL filter `where` holds for (None: all). Raises InvalidParameter for a bad filter."""
        return sorted(self._read(self.table.search(), self.columns, where), key=lambda row: str(row["id"]))

    def nearest(self, vector: NDArray[np.float32], column: str, where: str | None) -> list[dict[str, Any]]:
        """All that `rows` gives and that have a vector in `column`, each with its distance to `vector` (D,) in m as
        distance_m, nearest first. Every vector is compared: there is no approximate index. Raises InvalidParameter."""
        search = self.table.search(vector, vector_column_name=column).distance_type("l2")
        found = self._read(search, [*self.columns, _DISTANCE], where)
        for row in found:
            row["distance_m"] = float(np.sqrt(max(row.pop(_DISTANCE), 0.0)))  # LanceDB gives the square
        return sorted(found, key=lambda row: (row["distance_m"], str(row["id"])))

    def vectors(self, column: str, where: str | None = None) -> dict[str, NDArray[np.float32]]:
        """The vectors (D,) of `column` by id, in the order of ids, of the episodes that have one. Raises as `rows`."""
        found = self._read(self.table.search(), ["id", column], where)
        pairs = [(str(row["id"]), row[column]) for row in found if row[column] is not None]
        return {name: np.asarray(vector, dtype=np.float32) for name, vector in sorted(pairs, key=lambda pair: pair[0])}

    def _read(self, search: Any, columns: list[str], where: str | None) -> list[dict[str, Any]]:
        # All rows, so that which of equally near ones are shown is decided by their ids.
        search = search.select(columns).limit(max(1, self.table.count_rows()))
        if where is None:
            return list(search.to_arrow().to_pylist())
        try:
            return list(search.where(_whole(where)).to_arrow().to_pylist())
        except ValueError as error:
            reason = _INTERNALS.sub("", " ".join(str(error).split())).strip()
            raise InvalidParameter(
                f"--where {where!r}: {reason[:300]}\nExpected an SQL condition on the columns "
                f"{', '.join(self.columns)}, such as \"success_end = false AND source = 'demos'\"."
            ) from error


def _whole(where: str) -> str:
    """The filter in parentheses: without them LanceDB reads as far as it can, and passes over the rest in silence."""
    depth = 0
    for sign in re.sub(r"[^()]", "", _QUOTED.sub("", where)):
        depth += 1 if sign == "(" else -1
        if depth < 0:
            break
    if depth:
        raise ValueError("its parentheses do not match.")
    return f"({where}\n)"
