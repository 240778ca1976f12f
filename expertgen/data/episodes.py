"""Episode stores: demonstrations and rollouts on disk, failed episodes included and marked.

A store is a directory of shards (`expertgen.data.shard`), provenance.json and manifest.json, which is written
last. To make one: `write_shard` for each shard, in any order and from any number of processes, leaving out
those for which `shard_is_complete`, then `finish_store`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.data.manifest import PROVENANCE, finish_store, read_manifest
from expertgen.data.reading import REGENERATE, reading
from expertgen.data.shard import shard_is_complete, shard_path, write_shard
from expertgen.data.shard_reader import ShardReader
from expertgen.errors import CorruptArtifact, require_known

__all__ = ["EpisodeStore", "finish_store", "shard_is_complete", "shard_path", "write_shard"]


class EpisodeStore:
    """A finished store, opened for reading. Arrays are read on demand and returned as new NumPy arrays."""

    def __init__(self, directory: Path, shards: list[ShardReader], provenance: dict[str, Any]) -> None:
        self.directory = directory
        self.provenance = provenance
        self._shards = shards
        self._shard_steps = np.cumsum([0, *(shard.episode_ends[-1] for shard in shards)])
        self._shard_episodes = np.cumsum([0, *(len(shard.episode_ends) for shard in shards)])

    @classmethod
    def open(cls, directory: Path, verify: bool = True) -> EpisodeStore:
        """Open the store in `directory`; `verify` compares every file with its recorded SHA-256 first.

        Raises MissingInput when the directory is absent, and CorruptArtifact, naming the file, when any bit
        differs, anything is missing or unlisted, or metadata cannot be read.
        """
        manifest = read_manifest(directory, verify)
        shards = [ShardReader.open(shard_path(directory, index)) for index in range(manifest["shards"])]
        for shard in shards:
            if shard.layout != shards[0].layout:
                raise CorruptArtifact(
                    f"{shard.path} holds other arrays than {shards[0].path.name}. {REGENERATE}"
                )
        with reading(directory / PROVENANCE):
            provenance = json.loads((directory / PROVENANCE).read_text(encoding="utf-8"))
        return cls(directory, shards, provenance)

    @property
    def num_episodes(self) -> int:
        """The number of episodes, failed ones included."""
        return int(self._shard_episodes[-1])

    @property
    def num_steps(self) -> int:
        """The number of steps of all episodes together."""
        return int(self._shard_steps[-1])

    @property
    def step_names(self) -> list[str]:
        """The per-step arrays, sorted."""
        return list(self._shards[0].steps)

    @property
    def episode_names(self) -> list[str]:
        """The per-episode arrays, sorted."""
        return list(self._shards[0].episodes)

    @property
    def episode_ends(self) -> np.ndarray:
        """(num_episodes,) int64: the step after each episode's last, counted over the whole store."""
        pairs = zip(self._shards, self._shard_steps[:-1], strict=True)
        return np.concatenate([shard.episode_ends + offset for shard, offset in pairs])

    @property
    def lengths(self) -> np.ndarray:
        """(num_episodes,) int64: the number of steps of each episode."""
        return np.diff(self.episode_ends, prepend=0)

    def read_steps(self, name: str) -> np.ndarray:
        """A per-step array (num_steps, ...) of the whole store. Raises UnknownName, CorruptArtifact."""
        require_known(f"per-step array of {self.directory}", name, self.step_names)
        return np.concatenate([shard.read_steps(name) for shard in self._shards])

    def read_episodes(self, name: str) -> np.ndarray:
        """A per-episode array (num_episodes, ...). Raises UnknownName, CorruptArtifact."""
        require_known(f"per-episode array of {self.directory}", name, self.episode_names)
        return np.concatenate([shard.read_episodes(name) for shard in self._shards])

    def episode(self, index: int) -> dict[str, np.ndarray]:
        """Every per-step array of one episode, (length, ...) each. Raises IndexError, CorruptArtifact."""
        if not 0 <= index < self.num_episodes:
            raise IndexError(f"episode {index} of {self.num_episodes}")
        number = int(np.searchsorted(self._shard_episodes, index, side="right")) - 1
        shard, local = self._shards[number], index - int(self._shard_episodes[number])
        start = int(shard.episode_ends[local - 1]) if local else 0
        return {
            name: shard.read_steps(name, start, int(shard.episode_ends[local])) for name in self.step_names
        }

    def successes(self, at_end: bool = False) -> np.ndarray:
        """(num_episodes,) bool: success at any step, or with `at_end` at the last one.

        Raises UnknownName when the store holds no `success_any` or `success_end`.
        """
        return self.read_episodes("success_end" if at_end else "success_any").astype(bool)
