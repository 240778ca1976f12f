"""What came of a supervised DVC command, and whether trying again can help.

A gate that says no, wrong parameters or a defect give the same answer again, so they are never tried again. A killed
process or a remote that does not answer may be better a minute later. The two are told apart by what DVC and the
guardian report as data (`tasks.dvc_command`, `tasks.guardian`), never by what a stage printed:

| what happened | judged |
|---|---|
| the stage's command ended with a status from 1 to 128, such as 2 after a gate's no | StageFailed |
| ... but 75 (EX_TEMPFAIL, by which a command asks to be tried again) | InfrastructureFailed |
| the stage's command, or dvc, was ended by a signal (KILL: short of memory; TERM, SEGV) | InfrastructureFailed |
| ... but INT, or status 130: a person stopped it | StageFailed |
| DVC could not transfer data, or the system reported an error of network, memory or device | InfrastructureFailed |
| the same, but disk full, no permission, read-only: a person must mend that | StageFailed |
| another DVC process holds a lock on the same files | StageIsBusy: the caller waits |
| any other error of DVC: configuration, graph, a missing input | StageFailed |
| the process that serves the flow has ended | WorkerGone |

A stage that reads from the network itself reports that by its status. A process inside a stage that is killed while
the stage lives shows as the stage's own status, too: hence 75.
"""

from __future__ import annotations

import errno
import re
import signal
from typing import Any

from tasks.errors import InfrastructureFailed, StageFailed, StageIsBusy, WorkerGone

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h
_NOT_MENDED_BY_TIME = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT}
# Classes of the system, of DVC and of the clients of its remotes (aiohttp, botocore, asyncssh).
_TEMPORARY = {
    "FileTransferError", "CollectCacheError", "OSError", "MemoryError", "TimeoutError", "ClientConnectionError",
    "ConnectionError", "HTTPClientError", "DisconnectError",
}


def judge(what: str, report: dict[str, Any]) -> None:
    """Return if `what` (such as "demos@lift_banana") went well, or else raise as the table above says.

    `report` is what SupervisedDvc collected: ended, status, causes.
    """
    status, ended = report.get("status"), report.get("ended")
    if ended == "worker":
        raise WorkerGone(f"{what} was ended, because the process that served this flow has ended. Run the flow again.")
    if ended in ("asked", "signal"):
        raise InfrastructureFailed(f"{what} was ended from outside; it goes on from its last state when run again.")
    if status == 0:
        return
    causes: list[dict[str, Any]] = report.get("causes", [])
    if status is None or "causes" not in report:
        raise _of_command(what, "dvc", -signal.SIGKILL if status is None else status, None)
    for cause in causes:
        if "StageCmdFailedError" in cause["types"]:
            code = re.search(r"exited with (-?\d+)$", cause["message"])
            raise _of_command(what, "its command", int(code[1]) if code else 1, cause["message"])
    message = ": ".join(cause["message"] for cause in causes if cause["message"]) or f"dvc ended with status {status}"
    if any("LockError" in cause["types"] for cause in causes):
        raise StageIsBusy(message)
    if any(_is_temporary(cause) for cause in causes):
        raise InfrastructureFailed(f"{what}: {message}")
    raise StageFailed(f"{what}: {message}")


def _of_command(what: str, who: str, status: int, message: str | None) -> StageFailed | InfrastructureFailed:
    number = -status if status < 0 else status - 128 if status > 128 else 0  # a shell in between reports 128 + signal
    if number == signal.SIGINT:
        return StageFailed(f"{what}: {who} was interrupted; run the flow again and it goes on from its last state.")
    if number:
        hint = "; the machine may be short of memory" if number == signal.SIGKILL else ""
        return InfrastructureFailed(f"{what}: {who} was killed by {_name(number)}{hint}.")
    if status == TRY_AGAIN:
        return InfrastructureFailed(f"{what}: {who} ended with status {status} and asks to be tried again.")
    return StageFailed(f"{what}: {message or f'{who} ended with status {status}'}; the log says why.")


def _is_temporary(cause: dict[str, Any]) -> bool:
    return cause["errno"] not in _NOT_MENDED_BY_TIME and bool(_TEMPORARY & set(cause["types"]))


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
