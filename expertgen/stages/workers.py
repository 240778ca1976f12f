"""Work shared among processes, none of which outlives this one, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from expertgen.errors import ExpertGenError

Item = TypeVar("Item")
Result = TypeVar("Result")
_SPAWN = multiprocessing.get_context("spawn")  # a fork would copy the locks of torch's and MuJoCo's threads


class WorkerFailed(ExpertGenError):
    """A worker process died; what was finished stays."""


def run_in_workers(
    work: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Generator[Result, None, None]:
    """Yield work(item) for each of `items`, in the order in which they are done.

    `workers` processes share the items, 0 for one per core; a single one works in this process. `work`, items and
    results are sent to them, so `work` is a function of a module. Close the generator to stop early.

    Raises what `work` raises: errors of the user or the system as they are, any other as RuntimeError with its
    traceback; WorkerFailed when a process is killed.
    """
    workers = min(workers or len(os.sched_getaffinity(0)), len(items))
    if workers <= 1:
        yield from map(work, items)
        return
    waiting = deque(items)
    pool: list[_Worker[Item, Result]] = []
    try:
        for _ in range(workers):
            pool.append(_Worker(work))
            pool[-1].give(waiting.popleft())
        busy = list(pool)
        while busy:
            answered = wait([worker.connection for worker in busy])
            for worker in [worker for worker in busy if worker.connection in answered]:
                result = worker.take()
                if waiting:
                    worker.give(waiting.popleft())
                else:
                    busy.remove(worker)
                yield result
    finally:
        for worker in pool:
            worker.stop()


class _Worker(Generic[Item, Result]):
    """One process, and this end of the pipe to it."""

    def __init__(self, work: Callable[[Item], Result]) -> None:
        self.connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(work, theirs), daemon=True)
        # The child inherits the mask and keeps it: Ctrl-C reaches the whole terminal, but only this process is to
        # answer it, by stopping the others. The tracker, which the first process starts, would lift the mask.
        resource_tracker.ensure_running()
        earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, earlier)
        theirs.close()  # so that the pipe ends when the child does

    def give(self, item: Item) -> None:
        self._item = item
        try:
            self.connection.send(item)
        except ConnectionError:
            raise self._died() from None

    def take(self) -> Result:
        try:
            result, error = self.connection.recv()
        except (EOFError, ConnectionError):
            raise self._died() from None
        if error is not None:
            raise error
        return result

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()

    def _died(self) -> WorkerFailed:
        self._process.join()
        code = self._process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        return WorkerFailed(
            f"a worker process {how} while it made {self._item}. What was finished stays: run the same command again "
            "to go on, with fewer workers or smaller shards if memory is short."
        )


def _serve(work: Callable[[Any], Any], connection: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        item = connection.recv()
        result: Any = None
        failure: Exception | None = None
        try:
            result = work(item)
        except (ExpertGenError, OSError) as error:
            failure = error
        except Exception:
            failure = RuntimeError(f"a worker process failed at {item}:\n{traceback.format_exc()}")
        connection.send((result, failure))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
