"""SHA-256 of files and of directories."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

# Provenance, sums over a checkpoint and over a store, and a shard's record of its key and sums (see data.shard).
_ORIGINS, _COMMIT = {"provenance.json", "SHA256SUMS", "manifest.json"}, ".zarr/meta/episode_ends/zarr.json"

def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex. Raises OSError when it cannot be read."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_sha256(directory: Path) -> dict[str, str]:
    """The SHA-256 of every file under `directory`, keyed by relative POSIX path, in sorted order."""
    return {name: file_sha256(directory / name) for name in file_names(directory)}


def file_names(directory: Path) -> list[str]:
    """Relative POSIX paths of all files under `directory`, sorted."""
    names = []
    for folder, _, files in os.walk(directory):
        names += [(Path(folder) / file).relative_to(directory).as_posix() for file in files]
    return sorted(names)


def sha256_sums(sums: dict[str, str]) -> str:
    """`sums` (name to hex digest) in the format that `sha256sum --check` reads."""
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items())


def path_sha256(path: Path) -> str:
    """The SHA-256, in hex, of a file, or of the sums of all files in a directory. Raises OSError."""
    return joined_sha256(tree_sha256(path)) if path.is_dir() else file_sha256(path)


def content_sha256(path: Path) -> str:
    """As `path_sha256`, of what is computed with alone: files that tell what an artifact was made from, or repeat sums
    of its other files, are left out. Raises OSError."""
    if not path.is_dir():
        return file_sha256(path)
    return joined_sha256({name: file_sha256(path / name) for name in file_names(path) if not _tells_of_origin(name)})


def _tells_of_origin(name: str) -> bool:
    return name.rpartition("/")[2] in _ORIGINS or name.endswith(_COMMIT)


def joined_sha256(sums: dict[str, str]) -> str:
    """The SHA-256, in hex, of `sums` (name to hex digest)."""
    return hashlib.sha256(sha256_sums(sums).encode("utf-8")).hexdigest()
