"""Failures to write, told apart from defects."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expertgen.errors import ExpertGenError

_REMEDIES = {
    errno.ENOSPC: "free some space on its disk",
    errno.EDQUOT: "free some space or ask for a larger quota",
    errno.EFBIG: "raise the file size limit (`ulimit -f`) or free some space",
    errno.EROFS: "choose a directory on a writable disk",
    errno.EACCES: "make its directory writable for you",
    errno.EPERM: "make its directory writable for you",
    errno.ENOTDIR: "move away the file that stands where a directory is needed",
    errno.EEXIST: "move away the file that stands where a directory is needed",
    errno.EIO: "check the disk",
}


class CannotWrite(ExpertGenError):
    """An output could not be written, for example to a full or read-only disk; the earlier output stands."""


@contextmanager
def report_write_errors(target: Path) -> Iterator[None]:
    """Turn the OSErrors of a full, read-only or refusing disk into CannotWrite, which names `target`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        raise cannot_write(target, error.errno) from error


def cannot_write(target: Path, code: int) -> CannotWrite:
    """The error for `target` and an errno `code`."""
    return CannotWrite(
        f"{target} could not be written: {os.strerror(code).lower()} (errno {code}). "
        f"What stood there before is untouched. To go on, {_REMEDIES[code]} and run the command again."
    )
