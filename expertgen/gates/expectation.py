"""What a gate expects of its table, in the words of Great Expectations, without importing it.

Great Expectations takes ten seconds to import, so gates are written as plain values and `gates.judge` alone loads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["critical", "warning"]


@dataclass(frozen=True)
class Expectation:
    """One line of a gate.

    name: as a person reads it. kind: what Great Expectations calls it. column: what is judged, None for the table.
    arguments: what the expectation takes besides the column. unit: of the column's numbers. thresholds: dotted key of
    params.yaml → value. where: (column, value) of the only rows that are judged. A broken `warning` stops nothing.
    """

    name: str
    kind: str
    column: str | None
    arguments: Mapping[str, Any]
    unit: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    severity: Severity = "critical"
    where: tuple[str, str] | None = None

    @property
    def expected(self) -> str:
        """In words: "at least 0.05 rad"."""
        least, most = self.arguments.get("min_value"), self.arguments.get("max_value")
        unit = f" {self.unit}" if self.unit else ""
        if "value_set" in self.arguments:
            listed = [str(value) for value in self.arguments["value_set"]]
            return f"none of {', '.join(listed)}" if "not_be_in" in self.kind else " or ".join(listed)
        if least is None and most is None:
            return "all different"
        if least == most:
            return f"{least:.6g}{unit}"
        bounds = [("at least", least), ("at most", most)]
        return " and ".join(f"{word} {bound:.6g}" for word, bound in bounds if bound is not None) + unit


def each(
    name: str, column: str, *, least: float | None = None, most: float | None = None, unit: str = "",
    keys: Sequence[str] = (), severity: Severity = "critical", where: tuple[str, str] | None = None,
) -> Expectation:
    """Every row's `column` lies from `least` to `most`, both included; `keys` name these bounds in params.yaml."""
    return Expectation(
        name, "expect_column_values_to_be_between", column, _bounds(least, most), unit, _named(keys, least, most),
        severity, where,
    )


def each_of(name: str, column: str, values: Sequence[str]) -> Expectation:
    """Every row's `column` is one of `values`."""
    return Expectation(name, "expect_column_values_to_be_in_set", column, {"value_set": list(values)})


def none_of(name: str, column: str, values: Sequence[str]) -> Expectation:
    """No row's `column` is one of `values`."""
    return Expectation(name, "expect_column_values_to_not_be_in_set", column, {"value_set": list(values)})


def distinct(name: str, column: str) -> Expectation:
    """No two rows have the same `column`."""
    return Expectation(name, "expect_column_values_to_be_unique", column, {})


def share(
    name: str, column: str, *, least: float | None = None, most: float | None = None, keys: Sequence[str] = (),
) -> Expectation:
    """The mean of a `column` of 0 and 1 lies from `least` to `most`."""
    return Expectation(
        name, "expect_column_mean_to_be_between", column, _bounds(least, most), "of all",
        _named(keys, least, most),
    )


def rows(name: str, *, least: int, unit: str, keys: Sequence[str] = ()) -> Expectation:
    """The table has at least `least` rows."""
    return Expectation(
        name, "expect_table_row_count_to_be_between", None, _bounds(least, None), unit, _named(keys, least, None)
    )


def _bounds(least: float | None, most: float | None) -> dict[str, float]:
    bounds = {"min_value": least, "max_value": most}
    return {key: bound for key, bound in bounds.items() if bound is not None}


def _named(keys: Sequence[str], least: float | None, most: float | None) -> dict[str, float]:
    if not keys:
        return {}
    given = [bound for bound in (least, most) if bound is not None]
    return dict(zip(keys, given, strict=True))
