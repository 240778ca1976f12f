"""SHA-256 of files and of directories."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


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


def joined_sha256(sums: dict[str, str]) -> str:
    """The SHA-256, in hex, of `sums` (name to hex digest)."""
    return hashlib.sha256(sha256_sums(sums).encode("utf-8")).hexdigest()
