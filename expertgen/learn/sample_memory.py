"""A bounded memory of samples on disk: as they come until it is full, then any of them gives way (Vitter 1985)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from expertgen.data.write_errors import report_write_errors
from expertgen.seeds import generator

Fields = Mapping[str, tuple[tuple[int, ...], DTypeLike]]


class SampleMemory:
    """Up to `capacity` samples of the named `fields` (shape of one, dtype), in one file each under `directory`.

    Reservoir sampling (algorithm R) keeps a uniform subset of all samples ever inserted. Which sample takes which place
    depends on its number and on those it is inserted with alone, so that a run that is repeated from a saved state
    writes the same bytes again.
    """

    def __init__(self, directory: Path, capacity: int, fields: Fields, seed: int) -> None:
        """Opens the files of an earlier run if they are there and alike: `found` then. Takes all its space on the disk
        at once. Raises CannotWrite."""
        self.directory, self.capacity, self.seed, self.inserted = directory, capacity, seed, 0
        with report_write_errors(directory):
            directory.mkdir(parents=True, exist_ok=True)
            opened = {
                name: _open(directory / f"{name}.npy", (capacity, *shape), np.dtype(kind))
                for name, (shape, kind) in fields.items()
            }
        self._files = {name: file for name, (file, _) in opened.items()}
        self.found = all(found for _, found in opened.values())

    def __len__(self) -> int:
        return min(self.inserted, self.capacity)

    def insert(self, samples: Mapping[str, NDArray[Any]]) -> None:
        """Add samples, each field (n, *shape)."""
        count = len(next(iter(samples.values())))
        places = self._places(count)
        taken = np.flatnonzero(places >= 0)
        # Of several that take one place the last stays, as if they had come one by one.
        last = {int(places[i]): i for i in taken}
        rows, where = np.array(list(last.values()), dtype=np.int64), np.array(list(last), dtype=np.int64)
        for name, file in self._files.items():
            file[where] = samples[name][rows]
        self.inserted += count

    def flush(self) -> None:
        """Write what is still in memory to the disk."""
        for file in self._files.values():
            file.flush()

    def draw(self, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """The samples in these places, each field (n, *shape)."""
        return {name: file[rows] for name, file in self._files.items()}

    def _places(self, count: int) -> NDArray[np.int64]:
        """Where each of the next `count` samples goes; -1 for those that are not kept."""
        numbers = np.arange(self.inserted, self.inserted + count)
        draw = generator("reservoir", self.seed, self.inserted)
        drawn = draw.integers(0, numbers + 1)
        return np.where(numbers < self.capacity, numbers, np.where(drawn < self.capacity, drawn, -1))


def _open(path: Path, shape: tuple[int, ...], kind: np.dtype[Any]) -> tuple[np.memmap[Any, Any], bool]:
    file, found = _existing(path, shape, kind), True
    if file is None:
        path.unlink(missing_ok=True)
        file, found = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape), False
    with open(path, "r+b") as opened:
        # A file with holes would end the process by a signal where the disk is full.
        os.posix_fallocate(opened.fileno(), 0, path.stat().st_size)
    return file, found


def _existing(path: Path, shape: tuple[int, ...], kind: np.dtype[Any]) -> np.memmap[Any, Any] | None:
    try:
        file = np.lib.format.open_memmap(path, mode="r+")
    except (OSError, ValueError):
        return None
    return file if file.shape == shape and file.dtype == kind else None
