"""The manifest of an episode store: the SHA-256 of its every file, written last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from expertgen.data.atomic import atomic_write_json, remove_leftovers
from expertgen.data.hashing import tree_sha256
from expertgen.data.json_text import json_text
from expertgen.data.reading import REGENERATE
from expertgen.data.shard import shard_is_complete, shard_key, shard_path
from expertgen.data.shard_reader import ShardReader
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput

MANIFEST = "manifest.json"
PROVENANCE = "provenance.json"


def finish_store(directory: Path, shard_count: int, provenance: dict[str, Any]) -> None:
    """Commit the store in `directory` once its shards 0 to `shard_count` - 1 are written.

    Writes provenance.json, then the manifest. Raises MissingInput for a missing shard, CorruptArtifact for an
    uncommitted one, IncompatibleArtifact when shards differ in arrays or key or there are more of them,
    ValueError when `shard_count` is not positive; the store is then not committed.
    """
    if shard_count < 1:
        raise ValueError(f"a store has at least one shard, not {shard_count}")
    (directory / MANIFEST).unlink(missing_ok=True)
    paths = [shard_path(directory, index) for index in range(shard_count)]
    for path in paths:
        if not path.exists():
            raise MissingInput(
                f"the shard {path} is missing, expected {shard_count} shards. Run the stage again."
            )
        if not shard_is_complete(path):
            raise CorruptArtifact(
                f"the shard {path} is damaged or unfinished. Delete it and run the stage again."
            )
    surplus = sorted(set(directory.glob("shard-*.zarr")) - set(paths))
    if surplus:
        raise IncompatibleArtifact(
            f"found {surplus[0]}, expected {shard_count} shards: it comes from another run. "
            f"Delete {directory} and run the stage again."
        )
    _require_alike(paths)
    remove_leftovers(directory)
    atomic_write_json(directory / PROVENANCE, provenance)
    atomic_write_json(directory / MANIFEST, _manifest(directory))


def read_manifest(directory: Path, verify: bool = True) -> dict[str, Any]:
    """The manifest of a store, after comparing every file with it (when `verify`).

    Raises MissingInput when `directory` is absent, CorruptArtifact naming the first file that is missing,
    unlisted or different.
    """
    if not directory.is_dir():
        raise MissingInput(
            f"no episodes at {directory}. Make them with `expertgen {directory.name} TASK` or `dvc repro`."
        )
    path = directory / MANIFEST
    if not path.is_file():
        raise CorruptArtifact(f"{path} is missing: the store was never finished. {REGENERATE}")
    try:
        content = path.read_bytes()
        stored = json.loads(content)
        listed = dict(stored["files"])
        if int(stored["shards"]) < 1:
            raise ValueError(f"found {stored['shards']} shards, expected at least one")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorruptArtifact(
            f"{path} cannot be read ({type(error).__name__}: {error}). {REGENERATE}"
        ) from error
    if verify and content != json_text(found := _manifest(directory)).encode("utf-8"):
        raise CorruptArtifact(_difference(directory, listed, found["files"]))
    return dict(stored)


def _manifest(directory: Path) -> dict[str, Any]:
    files = tree_sha256(directory)
    files.pop(MANIFEST, None)
    shards = sum(1 for _ in directory.glob("shard-*.zarr"))
    return {"format": "expertgen.episodes", "version": 1, "shards": shards, "files": files}


def _difference(directory: Path, listed: dict[str, str], found: dict[str, str]) -> str:
    for name in sorted(listed.keys() | found.keys()):
        if name not in found:
            return f"{directory / name} is missing. {REGENERATE}"
        if name not in listed:
            return f"{directory / name} is not part of the store ({MANIFEST}). Remove it, or: {REGENERATE}"
        if listed[name] != found[name]:
            return (
                f"{directory / name} is damaged: its SHA-256 is {found[name][:12]}..., "
                f"expected {str(listed[name])[:12]}... by {MANIFEST}. {REGENERATE}"
            )
    return f"{directory / MANIFEST} is damaged. {REGENERATE}"


def _require_alike(paths: list[Path]) -> None:
    first_layout, first_key = ShardReader.open(paths[0]).layout, shard_key(paths[0])
    for path in paths[1:]:
        if ShardReader.open(path).layout != first_layout or shard_key(path) != first_key:
            raise IncompatibleArtifact(
                f"the shards {paths[0].name} and {path.name} in {path.parent} come from different "
                "parameters or hold different arrays. Delete the directory and run the stage again."
            )
