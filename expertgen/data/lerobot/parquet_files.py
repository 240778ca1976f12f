"""Parquet files of limited size, with a checksum in each page."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from expertgen.data.lerobot.layout import Place

_MEGABYTE = 2**20


def read_table(path: Path) -> pa.Table:
    """A Parquet file, the checksums of its pages verified. Raises OSError and pa.ArrowException for damage."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read()


def write_table(path: Path, table: pa.Table) -> None:
    """One Parquet file. Raises OSError."""
    file = _OpenFile(path, table.schema)
    try:
        file.write(table)
        file.close()
    finally:
        file.discard()


class ParquetFiles:
    """A table in files: a new one is begun once the last has reached `megabytes`."""

    def __init__(self, root: Path, pattern: str, schema: pa.Schema, megabytes: float, chunks_size: int) -> None:
        self.schema, self._root, self._pattern = schema, root, pattern
        self._limit, self._chunks_size = megabytes * _MEGABYTE, chunks_size
        self._place, self._file = Place(0, 0), _OpenFile(root / Place(0, 0).path(pattern), schema)

    def place(self) -> Place:
        """The file that the next rows go to."""
        if self._file.rows and self._file.bytes >= self._limit:
            self._file.close()
            self._place = self._place.following(self._chunks_size)
            self._file = _OpenFile(self._root / self._place.path(self._pattern), self.schema)
        return self._place

    def write(self, columns: Mapping[str, Any]) -> None:
        """Append rows, given by column, to the file that `place` named last."""
        self._file.write(pa.table([columns[name] for name in self.schema.names], schema=self.schema))

    def close(self) -> None:
        """Finish the open file."""
        self._file.close()

    def discard(self) -> None:
        """Let go of the open file as it is."""
        self._file.discard()


class _OpenFile:
    """A Parquet file that is being written."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = 0
        self._stream = open(path, "wb")  # noqa: SIM115  # stays open from episode to episode
        self._writer = pq.ParquetWriter(self._stream, schema, compression="snappy", write_page_checksum=True)

    @property
    def bytes(self) -> int:
        """Written so far."""
        return self._stream.tell()

    def write(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()
        self._stream.close()

    def discard(self) -> None:
        # What is still buffered may fail to be written, again, and does not matter any more.
        with suppress(OSError, ValueError, pa.ArrowException):
            self._writer.close()
        self._writer.is_open = False
        with suppress(OSError):
            self._stream.close()
