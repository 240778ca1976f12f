"""The processes a flow's work must not outlive: whatever serves the flow."""

from __future__ import annotations

import functools
import os
import select
from pathlib import Path

from tasks.errors import WorkerGone

_MARK = "PREFECT__FLOW_RUN_ID"  # Prefect sets it for a process that runs one flow run for a worker or `serve`


@functools.cache
def serving_processes() -> tuple[int, ...]:
    """File descriptors (os.pidfd_open) of the processes that serve this process's flow run; readable once they end.

    Empty where a person called the flow. Found once, as early as possible: later the process may have been orphaned.
    """
    if _MARK not in os.environ:
        return ()
    found = []
    pid = os.getppid()
    while pid > 1:  # process 1 ends with the machine or the container
        try:
            found.append(os.pidfd_open(pid))
        except ProcessLookupError:
            break
        if not _serves_one_run(pid):
            break
        pid = _parent(pid)
    return tuple(found)


def require_worker() -> None:
    """Raise WorkerGone if a process that serves this flow has ended."""
    poll = select.poll()
    for descriptor in serving_processes():
        poll.register(descriptor, select.POLLIN)
    if poll.poll(0):
        _silence()
        raise WorkerGone("the process that served this flow has ended; its work was ended too. Run the flow again.")


def _silence() -> None:
    """Write to nowhere: who read this process's output has gone, and the first line of a log would be its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _serves_one_run(pid: int) -> bool:
    """Whether this is one of the processes that Prefect puts between a worker and a flow run's own process."""
    try:
        return f"{_MARK}=".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0
