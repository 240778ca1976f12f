"""Reading one shard of an episode store; see `expertgen.data.shard` for its layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zarr

from expertgen.data.reading import REGENERATE, reading
from expertgen.data.shard import COMMIT_RECORD, ZarrArray
from expertgen.errors import CorruptArtifact


@dataclass(frozen=True)
class ShardReader:
    """The committed part of a shard: what lies behind the last of `episode_ends` (E,) int64 is never read."""

    path: Path
    episode_ends: np.ndarray
    steps: dict[str, ZarrArray]
    episodes: dict[str, ZarrArray]

    @classmethod
    def open(cls, path: Path) -> ShardReader:
        """Open the shard at `path`. Raises CorruptArtifact if it is uncommitted, unreadable or too short."""
        with reading(path):
            group = zarr.open_group(path, mode="r")
            if COMMIT_RECORD not in group:
                raise CorruptArtifact(
                    f"the shard {path} was never finished (no {COMMIT_RECORD}). {REGENERATE}"
                )
            commit = zarr.open_array(path / COMMIT_RECORD, mode="r")
            _require_rows(path, COMMIT_RECORD, commit, 1)
            ends = np.asarray(commit[...], dtype=np.int64)
            if ends.ndim != 1 or (np.diff(ends, prepend=0) <= 0).any():
                raise CorruptArtifact(f"{path}/{COMMIT_RECORD} does not rise. {REGENERATE}")
            return cls(path, ends, _arrays(path, "data", int(ends[-1])), _arrays(path, "episodes", len(ends)))

    @property
    def layout(self) -> dict[str, str]:
        """The dtype and the shape behind the first axis of each array: equal in all shards of a store."""
        named = {f"data/{name}": array for name, array in self.steps.items()}
        named |= {f"episodes/{name}": array for name, array in self.episodes.items()}
        return {name: f"{named[name].dtype} {named[name].shape[1:]}" for name in sorted(named)}

    def read_steps(self, name: str, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Steps `start` to `stop` (None: all) of an array (T, ...). Raises CorruptArtifact if damaged."""
        stop = int(self.episode_ends[-1]) if stop is None else stop
        with reading(self.path / "data" / name):
            return np.asarray(self.steps[name][start:stop])

    def read_episodes(self, name: str) -> np.ndarray:
        """A per-episode array (E, ...). Raises CorruptArtifact for damaged chunks."""
        with reading(self.path / "episodes" / name):
            return np.asarray(self.episodes[name][: len(self.episode_ends)])


def _require_rows(path: Path, name: str, array: ZarrArray, rows: int) -> None:
    if array.shape[0] < rows:
        raise CorruptArtifact(f"{path}/{name} has {array.shape[0]} rows, expected {rows}. {REGENERATE}")
    # Zarr reads an absent file as zeros, and an empty one as well.
    values = path / name / "c" / "/".join("0" * array.ndim)
    if not values.is_file() or values.stat().st_size == 0:
        raise CorruptArtifact(f"{path}/{name} has lost its values. {REGENERATE}")


def _arrays(path: Path, folder: str, rows: int) -> dict[str, ZarrArray]:
    arrays = dict(sorted(zarr.open_group(path / folder, mode="r").arrays()))
    for name, array in arrays.items():
        _require_rows(path, f"{folder}/{name}", array, rows)
    return arrays
