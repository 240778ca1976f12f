"""One writer per output."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expertgen.data.write_errors import report_write_errors
from expertgen.errors import StageBusy


@contextmanager
def stage_lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path` for the length of the block; parents are created.

    The lock belongs to the process (and to children it forks): however it ends, the kernel lets go. The
    file itself stays, empty, so keep it outside directories that are outputs. It excludes other processes
    and a second block in the same one.

    Raises StageBusy, with the holder's process id, when the lock is held, and CannotWrite when the
    file cannot be made or written.
    """
    with report_write_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageBusy(_busy_message(path, descriptor)) from None
        with report_write_errors(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _busy_message(path: Path, descriptor: int) -> str:
    holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    if not holder:  # it has the lock and has not yet written its id
        return f"another process is writing the same outputs (it holds {path}); wait until it ends."
    return (
        f"process {holder} is writing the same outputs (it holds {path}); "
        f"wait until it ends, or stop it with `kill {holder}`."
    )
