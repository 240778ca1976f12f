"""Runs whose process ended without a word: stopped with the process that serves them, killed, or lost with the power.

Prefect would show them as running for ever. So each run keeps a file locked in .dvc/tmp/flows/runs for as long as its
process lives, and `flows.serve` looks, when it starts and when it ends, for files that nobody holds any more.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Cancelled, Crashed

_MESSAGE = "The process of this run ended without a word. Run the flow again: its stages go on from their last state."


@contextmanager
def on_record(root: Path, run: str) -> Iterator[None]:
    """Keep the run on record for the length of the block, and after it if an exception leaves it."""
    path = _folder(root) / run
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def report_lost_runs(root: Path, patience: float = 0.0) -> list[str]:
    """Tell the server which runs of this clone have ended without a word, and return their ids.

    Waits up to `patience` s for the processes of runs that are just ending. If the server does not answer, the runs
    stay on record, to be reported another time.
    """
    end = time.monotonic() + patience
    while time.monotonic() < end and any(_lives(path) for path in _folder(root).iterdir()):
        time.sleep(0.2)
    reported = []
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}), suppress(httpx.HTTPError, PrefectException):
        for path in _folder(root).iterdir():
            if not _lives(path):
                with get_client(sync_client=True) as client:
                    reported += [path.name] * _report(client, path.name)
                path.unlink(missing_ok=True)
    return reported


def _report(client: SyncPrefectClient, run: str) -> bool:
    try:
        state = client.read_flow_run(UUID(run)).state
    except ObjectNotFound:
        return False
    if state is not None and state.is_cancelling():
        client.set_flow_run_state(UUID(run), Cancelled(), force=True)
        return True
    if state is not None and state.is_running():
        client.set_flow_run_state(UUID(run), Crashed(message=_MESSAGE), force=True)
        return True
    return False


def _lives(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _folder(root: Path) -> Path:
    folder = root / ".dvc" / "tmp" / "flows" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
