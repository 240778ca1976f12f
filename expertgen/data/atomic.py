"""Outputs that are there whole or not at all.

Everything is written to a temporary path beside its target, flushed to the disk and renamed. A writer that
fails or is killed leaves the earlier output untouched. Temporary paths are named `.NAME.*.tmp` and hold a
lock while their writer lives, so the next writer can tell what a killed one left behind and remove it.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from expertgen.data.json_text import json_text
from expertgen.data.rename import replace_directory
from expertgen.data.write_errors import report_write_errors


@contextmanager
def atomic_directory(target: Path) -> Iterator[Path]:
    """Yield an empty temporary directory that becomes `target` when the block ends without an error.

    An existing `target` is replaced whole; parents are created. Raises CannotWrite when the disk is full,
    read-only or refuses (whether here or in the block), and lets other errors of the block through; in each
    case the earlier output stands.
    """
    target = Path(os.path.realpath(target))
    with report_write_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(target))
        remove_leftovers(target.parent, target.name)
        temporary = _temporary(target)
        temporary.mkdir()
        lock = _hold(temporary)
        try:
            yield temporary
            _flush_tree(temporary)
            replace_directory(temporary, target)
            _flush(target.parent)
        finally:
            os.close(lock)
            # After a replacement the temporary path holds the earlier output.
            shutil.rmtree(temporary, ignore_errors=True)


def atomic_write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, creating parents. Raises CannotWrite; the earlier file then stands."""
    with report_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent, path.name)
        temporary = _temporary(path)
        try:
            with open(temporary, "xb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
                os.replace(temporary, path)
            _flush(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def atomic_write_text(path: Path, content: str) -> None:
    """Write `content` as UTF-8; see `atomic_write_bytes`."""
    atomic_write_bytes(path, content.encode("utf-8"))


def atomic_write_json(path: Path, value: Any) -> None:
    """Write `value` as deterministic JSON (sorted, newline-terminated); see `atomic_write_bytes`.

    Raises ValueError for NaN and infinity and TypeError for values that JSON cannot hold.
    """
    atomic_write_text(path, json_text(value))


def remove_leftovers(directory: Path, name: str | None = None) -> None:
    """Remove what killed writers of `name` (None: of anything) left in `directory`.

    What a live writer is working on stays.
    """
    for path in directory.glob(f".{'*' if name is None else glob.escape(name)}.????????.tmp"):
        try:
            lock = _hold(path)
        except OSError:  # its writer lives, or has just finished
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        os.close(lock)


def _temporary(target: Path) -> Path:
    return target.parent / f".{target.name}.{secrets.token_hex(4)}.tmp"


def _hold(path: Path) -> int:
    """Lock a temporary path; the kernel lets go of it when the process ends, however it ends."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _flush_tree(directory: Path) -> None:
    for folder, _, files in os.walk(directory):
        for file in files:
            _flush(Path(folder) / file)
        _flush(Path(folder))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
