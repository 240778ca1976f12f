"""Putting one directory in another's place."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_directory(new: Path, target: Path) -> None:
    """Make `new` become `target`; an existing `target` ends up at `new`. Both are on one file system.

    On Linux the two are exchanged in one step (renameat2), so a process killed at any moment leaves either
    the earlier directory or the new one. File systems without that step get two renames; a process
    killed between them leaves the earlier directory under a `.NAME.*.earlier` name.
    """
    if not target.exists():
        os.rename(new, target)
        return
    try:
        _exchange(new, target)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise
        exchange_in_steps(new, target)


def _exchange(first: Path, second: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    arguments = (_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    if libc.renameat2(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(second))


def exchange_in_steps(new: Path, target: Path) -> None:
    """`replace_directory` for an existing `target` by plain renames; restores it when the second fails."""
    earlier = target.parent / f".{target.name}.{secrets.token_hex(4)}.earlier"
    os.rename(target, earlier)
    try:
        os.rename(new, target)
    except OSError:
        os.rename(earlier, target)
        raise
    os.rename(earlier, new)
