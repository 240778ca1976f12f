"""One shard of an episode store: a Zarr v3 group of whole episodes, written once.

    data/NAME          per-step arrays (steps, ...), the episodes one after another
    episodes/NAME      per-episode arrays (episodes, ...)
    meta/episode_ends  int64 (episodes,), the step after each episode's last: the commit record

Each array is one file whose chunks carry zstd and CRC-32C checksums. The commit record is written last and
its attributes hold the SHA-256 of every other file: a shard that lacks it or differs from it is uncommitted.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from expertgen.data.atomic import atomic_directory
from expertgen.data.hashing import tree_sha256
from expertgen.data.reading import reading
from expertgen.errors import CorruptArtifact

COMMIT_RECORD = "meta/episode_ends"
_COMMIT_FILE = f"{COMMIT_RECORD}/zarr.json"
_CHUNK_ROWS = 512
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Arrays = dict[str, np.ndarray]
ZarrArray = zarr.Array[Any]


def shard_path(directory: Path, index: int) -> Path:
    """Where shard `index` of the store in `directory` is kept."""
    return directory / f"shard-{index:05d}.zarr"


def write_shard(path: Path, steps: Arrays, episodes: Arrays, episode_ends: np.ndarray, key: str = "") -> None:
    """Write a shard whole or not at all, replacing an earlier one. Equal arguments give equal bytes.

    `steps` maps names to arrays of boolean, integer or real numbers (T, ...) over the steps of all E
    episodes, `episodes` to arrays (E, ...), and `episode_ends` (E,) rises to T without empty episodes. `key`
    says what the shard was made from (such as a `fingerprint` of its provenance), for `shard_is_complete`.

    Raises ValueError for arrays that break these rules and CannotWrite when the disk is full or refuses.
    """
    ends = _checked_ends(episode_ends)
    _check_arrays(steps, int(ends[-1]), "steps")
    _check_arrays(episodes, len(ends), "episodes")
    with atomic_directory(path) as temporary:
        # The default leaves out chunks of zeros, and a chunk that was lost would then read as zeros as well.
        with zarr.config.set({"array.write_empty_chunks": True}):
            group = zarr.create_group(temporary, attributes={"format": "expertgen.episodes", "version": 1})
            for folder, arrays in (("data", steps), ("episodes", episodes)):
                group.create_group(folder)
                for name in sorted(arrays):
                    _create(group, f"{folder}/{name}", arrays[name])
            group.create_group("meta")
            commit = _create(group, COMMIT_RECORD, ends)
        sums = tree_sha256(temporary)
        del sums[_COMMIT_FILE]  # the file that will hold them
        commit.attrs.put({"key": key, "sha256": sums})


def shard_is_complete(path: Path, key: str | None = None) -> bool:
    """Whether `path` is a committed shard, every byte as written, and made from `key` if that is given."""
    try:
        with reading(path):
            recorded, found = _commit_attributes(path), tree_sha256(path)
    except CorruptArtifact:
        return False
    found.pop(_COMMIT_FILE, None)
    return recorded.get("sha256") == found and (key is None or recorded.get("key") == key)


def shard_key(path: Path) -> str:
    """The `key` that a committed shard was written with."""
    return str(_commit_attributes(path).get("key"))


def _commit_attributes(path: Path) -> dict[str, Any]:
    return dict(zarr.open_array(path / COMMIT_RECORD, mode="r").attrs)


def _checked_ends(episode_ends: np.ndarray) -> np.ndarray:
    ends = np.asarray(episode_ends)
    if ends.ndim != 1 or ends.size == 0 or ends.dtype.kind not in "iu":
        raise ValueError(f"episode_ends must be integers of shape (episodes,), not {ends.dtype} {ends.shape}")
    ends = ends.astype(np.int64)
    lengths = np.diff(ends, prepend=0)
    if (lengths <= 0).any():
        episode = int(np.argmax(lengths <= 0))
        raise ValueError(f"episode {episode} has {lengths[episode]} steps; an episode has at least one")
    return ends


def _check_arrays(arrays: Arrays, rows: int, group: str) -> None:
    for name, array in arrays.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{group}: {name!r} is no array name (lower case letters, digits and _)")
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise ValueError(
                f"{group}/{name} has dtype {array.dtype}; expected booleans, integers or real numbers"
            )
        if array.ndim == 0 or len(array) != rows or array.size == 0:
            raise ValueError(
                f"{group}/{name} has shape {array.shape}; expected ({rows}, ...) without empty axes"
            )


def _create(group: zarr.Group, name: str, array: np.ndarray) -> ZarrArray:
    rows, rest = len(array), array.shape[1:]
    chunk = min(rows, _CHUNK_ROWS)
    created = group.create_array(
        name,
        shape=array.shape,
        dtype=array.dtype.newbyteorder("<"),
        chunks=(chunk, *rest),
        shards=(-(-rows // chunk) * chunk, *rest),  # one file for the whole array
        compressors=[ZstdCodec(level=5, checksum=True), Crc32cCodec()],
        fill_value=0,
    )
    created[...] = array
    return created
