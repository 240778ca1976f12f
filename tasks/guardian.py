"""Runs one command, and sees to it that nothing of it outlives those who asked for it.

    python guardian.py REPORT WATCHED COMMAND ARGUMENT...

It stands between a flow's process and `dvc`, because a process that is killed by SIGKILL can end nobody. It stops the
command as soon as

- its standard input ends: the flow's process holds the other end of that pipe, and the kernel closes it however that
  process ends; closing it is also how a flow asks for the end;
- one of the processes behind the file descriptors WATCHED ("7,8", from os.pidfd_open; may be "") ends: the process
  that serves the flow;
- it is sent SIGTERM or SIGHUP.

The stop is SIGINT to the whole process group first, for with it `expertgen` and `dvc` tidy up; then SIGTERM, then
SIGKILL to every descendant, also to those that left the group: this process adopts them. `dvc` itself is the last, so
that it can still let go of its locks. When this returns, none is left.

To the file descriptor REPORT it writes one line of JSON: {"ended": why, "status": exit status of the command, or the
negative number of the signal that ended it}. Standard library only, Linux only.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

STEPS = ((signal.SIGINT, 3.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 1.0))  # s to wait after each
_LEFTOVERS = 1.0  # s for helpers of a command that has ended, such as a resource tracker
_LOOK = 0.5  # s between looks at what does not wake us
_PR_SET_CHILD_SUBREAPER = 36

_told: list[int] = []  # signals that reached this process


def main(argv: list[str]) -> int:
    """Run the command of `argv`; always 0, for the report says how the command ended."""
    report, watched, command = int(argv[1]), [int(number) for number in argv[2].split(",") if number], argv[3:]
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # A handler, not SIG_IGN, which the command would inherit.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _remember)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[report])
    why = _wait(child, watched)
    if why == "command":
        _all_gone(child, _LEFTOVERS)
    else:
        _stop(child)
    _kill(child)
    os.write(report, (json.dumps({"ended": why, "status": child.returncode}) + "\n").encode())
    return 0


def _remember(number: int, frame: FrameType | None) -> None:
    _told.append(number)


def _wait(child: subprocess.Popen[bytes], watched: list[int]) -> str:
    """Why it is time to end: command, asked, worker or signal."""
    reasons = {os.pidfd_open(child.pid): "command", sys.stdin.fileno(): "asked"} | dict.fromkeys(watched, "worker")
    poll = select.poll()
    for descriptor in reasons:
        poll.register(descriptor, select.POLLIN)
    while True:
        ready = [reasons[descriptor] for descriptor, _ in poll.poll(_LOOK * 1000)]
        _reap(child)
        if child.returncode is not None:
            return "command"
        if ready:
            return ready[0]
        if {signal.SIGTERM, signal.SIGHUP} & set(_told):
            return "signal"


def _stop(child: subprocess.Popen[bytes]) -> None:
    for number, patience in STEPS:
        if number == signal.SIGINT:
            os.killpg(os.getpgrp(), number)
        else:
            _signal(number, [pid for pid in _descendants() if pid != child.pid])
        if _all_gone(child, patience):
            return


def _kill(child: subprocess.Popen[bytes]) -> None:
    while not _all_gone(child, 0.0):
        _signal(signal.SIGKILL, _descendants())
        _all_gone(child, 0.1)


def _signal(number: int, pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _all_gone(child: subprocess.Popen[bytes], patience: float) -> bool:
    end = time.monotonic() + patience
    while True:
        _reap(child)
        if not _descendants():
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.02)


def _reap(child: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid == child.pid:
            child.returncode = os.waitstatus_to_exitcode(status)


def _descendants() -> list[int]:
    """All processes below this one that have not ended."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # "PID (NAME) STATE PARENT ...", and a name may hold anything
            state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue  # it has just ended
        if state not in "ZX":
            children.setdefault(int(parent), []).append(int(entry.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv))
