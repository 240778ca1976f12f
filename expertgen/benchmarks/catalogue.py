"""Tasks by name, each imported when it is asked for.

So a task's artifacts hang on that task's own file and what it imports (see data.provenance), and a new task makes
nothing stale.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from expertgen.benchmarks.base import Benchmark


class Catalogue(Mapping[str, Benchmark]):
    """The Benchmarks NAME of the modules expertgen.benchmarks.name, for each of `names`."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __getitem__(self, name: str) -> Benchmark:
        if name not in self._names:
            raise KeyError(name)
        found: Benchmark = getattr(importlib.import_module(f"expertgen.benchmarks.{name}"), name.upper())
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
