"""What a gate found, as plain values whose JSON is the same for the same findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from expertgen.errors import ExpertGenError
from expertgen.gates.expectation import Expectation

Row = Mapping[str, str | int | float]
LISTED = 100  # failing rows that gate.json holds; it counts all


class GateFailed(ExpertGenError):
    """What a stage made does not keep to what its gate expects. It is left as it is."""


@dataclass(frozen=True)
class Part:
    """A table, what one of its rows is (`rows`, a plural), the columns that name a row, and what is expected."""

    rows: str
    table: pd.DataFrame
    ids: tuple[str, ...]
    expectations: list[Expectation]


@dataclass(frozen=True)
class Judged:
    """What a gate judges, and its SHA-256: path relative to the project's folder → hex digest. left_out: numbers of
    the episodes that consumers shall not use, as far as the gate passes with them."""

    parts: list[Part]
    sha256: Mapping[str, str]
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How one expectation came out. found: in numbers. failing: the rows at fault, their ids and `value`, in order."""

    expectation: Expectation
    rows: str
    passed: bool
    found: Mapping[str, Any]
    failing: list[Row] = field(default_factory=list)

    @property
    def stops(self) -> bool:
        """Whether it stops the consumers."""
        return not self.passed and self.expectation.severity == "critical"

    def to_json(self) -> dict[str, Any]:
        """JSON values; at most LISTED failing rows."""
        expectation = self.expectation
        return {
            "name": expectation.name,
            "expectation": expectation.kind,
            "column": expectation.column,
            "rows": self.rows,
            "where": dict([expectation.where]) if expectation.where else {},
            "severity": expectation.severity,
            "expected": expectation.expected,
            "thresholds": dict(expectation.thresholds),
            "found": dict(self.found),
            "passed": self.passed,
            "failing": {"count": len(self.failing), "first": [dict(row) for row in self.failing[:LISTED]]},
        }


@dataclass(frozen=True)
class Verdict:
    """A gate's outcomes. judged: path relative to the project's folder → SHA-256. counts: rows of each table.
    left_out: as of Judged."""

    gate: str
    task: str
    judged: Mapping[str, str]
    counts: Mapping[str, int]
    outcomes: list[Outcome]
    left_out: tuple[int, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether consumers may go on: no critical expectation is broken."""
        return not any(outcome.stops for outcome in self.outcomes)

    @property
    def broken(self) -> list[Outcome]:
        """The expectations that were not met, those that stop consumers first."""
        return sorted((o for o in self.outcomes if not o.passed), key=lambda outcome: not outcome.stops)

    def to_json(self) -> dict[str, Any]:
        """The content of gate.json: no times, no paths of a machine, and nothing random."""
        stopping = sum(outcome.stops for outcome in self.outcomes)
        return {
            "gate": self.gate,
            "task": self.task,
            "passed": self.passed,
            "judged": dict(self.judged),
            "counts": dict(self.counts),
            "broken": {"critical": stopping, "warning": len(self.broken) - stopping},
            "expectations": [outcome.to_json() for outcome in self.outcomes],
        }

    def passed_json(self) -> dict[str, Any]:
        """The content of passed.json, on which consumers depend: no threshold, so that one that is still met changes
        no byte of it and reruns nobody."""
        left_out = {"left_out": list(self.left_out)} if self.left_out else {}
        return {"passed": True, "sha256": dict(self.judged)} | left_out
