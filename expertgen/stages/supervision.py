"""How a stage ends from outside: told to by SIGTERM, or left alone by DVC, which started it.

Only the command line uses this. A stage may end at any moment and go on later, so ending it at once loses little;
one that nobody waits for must not write beside the next run.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from expertgen.processes import look_at, was_started_with

INTERRUPTED, TERMINATED = 130, 143  # exit statuses, as shells give them: 128 and the signal's number
_STARTED_BY_DVC = "DVC_STAGE"  # DVC sets it for a stage's command, and nothing else does
_GRACE = 10  # s that a stage has to clear up after SIGTERM
_INTERVAL = 0.2  # s between looks at DVC


class Terminated(BaseException):
    """SIGTERM came. Like KeyboardInterrupt no Exception, so that nothing on the way takes it for a failure."""


@contextmanager
def supervised() -> Iterator[None]:
    """Within the block SIGTERM raises Terminated, and the process ends when the DVC that started it does.

    SIGTERM: at most _GRACE seconds later the process is gone, whatever holds it up. DVC: its death does not reach
    its commands, which would go on writing unseen; so this process ends by itself, with every process below it. A
    stage that a person started goes on without its terminal, if it was told to (nohup, setsid).

    DVC is watched on Linux alone. Does nothing outside the main thread, where Python handles no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if _STARTED_BY_DVC in os.environ and sys.platform == "linux":
        threading.Thread(target=_end_with, args=(started_by(),), daemon=True).start()
    earlier = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGTERM, earlier or signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    # An exception raised in a destructor is lost, and clearing up can hang: then the kernel's alarm ends the process.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.alarm(_GRACE)
    raise Terminated


def started_by() -> list[tuple[int, str]]:
    """The processes between this one and DVC, and DVC itself, as (process id, time of its start); empty if it is gone.

    A shell may stand between. DVC is the first process above this one that was not itself started by DVC. In its
    place an orphan finds init or a service manager, or in a container a shell.
    """
    found: list[tuple[int, str]] = []
    pid = os.getppid()
    while True:
        state = look_at(pid)
        if state is None:
            return []
        found.append((pid, state.start))
        if not was_started_with(pid, _STARTED_BY_DVC):
            return found if state.session == os.getsid(0) and _may_be_dvc(pid) else []
        pid = state.parent


def _may_be_dvc(pid: int) -> bool:
    try:
        program = Path(os.readlink(f"/proc/{pid}/exe")).name
    except OSError:  # a program with capabilities, such as real-time scheduling, hides it
        return True
    return "python" in program or "dvc" in program  # DVC comes as a package or as a program of its own


def _end_with(ancestors: list[tuple[int, str]]) -> None:
    while ancestors and all((state := look_at(pid)) and state.start == start for pid, start in ancestors):
        time.sleep(_INTERVAL)
    signal.alarm(_GRACE)  # a screen that takes no more text does not hold it up
    with suppress(OSError, ValueError):
        print("\nexpertgen: DVC, which started this stage, is gone; so the stage ends. "
              "Run the same command again to resume.", file=sys.stderr)  # fmt: skip
    end(TERMINATED)


def end(status: int) -> NoReturn:
    """End this process at once with an exit status.

    As SIGKILL would, for every moment is one that the next run can go on from. Python's own end would first wait for
    threads, and tell of each that was stopped amid its work.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
