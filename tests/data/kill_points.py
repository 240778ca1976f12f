"""Kill a writer at every file operation it makes. Runs in a process that has started no threads."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator

_OPERATIONS = {
    "open",
    "os.rename",
    "os.mkdir",
    "os.remove",
    "os.rmdir",
    "os.link",
    "ctypes.dlsym",
    "shutil.rmtree",
}


def kill_points(write: Callable[[], object], stride: int = 1) -> Iterator[int]:
    """Run `write` in a child that dies by SIGKILL before its n-th operation; yield n after its death.

    n is 0, `stride`, 2 `stride` and so on.

    Ends when a child lives to finish.
    """
    operation = 0
    while _dies(write, operation):
        yield operation
        operation += stride


def in_child(check: Callable[[], bool]) -> bool:
    """The verdict of `check`, run in a child, so that this process stays free of its threads."""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if check() else 1)
    return os.waitpid(pid, 0)[1] == 0


def _dies(write: Callable[[], object], operation: int) -> bool:
    pid = os.fork()
    if pid == 0:
        seen = 0

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen
            if event in _OPERATIONS:
                if seen == operation:
                    os.kill(os.getpid(), signal.SIGKILL)
                seen += 1

        sys.addaudithook(count)
        write()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])
