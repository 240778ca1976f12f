"""Processes that stay until they are dismissed, with what they hold: scenes to draw, a teacher, environments."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import wait
from typing import Any, Generic, TypeVar

from expertgen.stages.workers import _Worker

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crew(Generic[Item, Result]):
    """`workers` processes that do `work`, a function of a module; 0 for one per core. A single one works in this
    process.

    Close it, or use it in a `with` block. Raises from `map` what `run_in_workers` raises.
    """

    def __init__(self, work: Callable[[Item], Result], workers: int) -> None:
        self._work, self._count = work, workers or len(os.sched_getaffinity(0))
        self._pool: list[_Worker[Item, Result]] = []

    def map(self, items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
        """Yield (index, work(item)) in the order in which they are done. Exhaust it, or close the crew."""
        if self._count <= 1:
            yield from ((index, self._work(item)) for index, item in enumerate(items))
            return
        while len(self._pool) < min(self._count, len(items)):
            self._pool.append(_Worker(self._work))
        waiting, busy = deque(enumerate(items)), {}
        for worker in self._pool[: len(items)]:
            index, item = waiting.popleft()
            worker.give(item)
            busy[worker.connection] = (index, worker)
        while busy:
            for connection in wait(list(busy)):
                index, worker = busy.pop(connection)  # type: ignore[call-overload]
                result = worker.take()
                if waiting:
                    following, item = waiting.popleft()
                    worker.give(item)
                    busy[worker.connection] = (following, worker)
                yield index, result

    def close(self) -> None:
        """End the processes."""
        for worker in self._pool:
            worker.stop()
        self._pool.clear()

    def __enter__(self) -> Crew[Item, Result]:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
