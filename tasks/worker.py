"""The processes a flow's work must not outlive: whatever serves the flow."""

from __future__ import annotations

import functools
import os
import select

from expertgen.processes import look_at, was_started_with
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
        # Prefect puts processes of its own between a worker and a flow run's.
        state = look_at(pid)
        if state is None or not was_started_with(pid, _MARK):
            break
        pid = state.parent
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
