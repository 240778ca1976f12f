"""Great Expectations over the tables of a gate: the one module that imports it, for that takes seconds."""

from __future__ import annotations

import math
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.row_conditions import Column

from expertgen.gates.expectation import Expectation
from expertgen.gates.verdict import Judged, Outcome, Part, Row, Verdict

_ROW = "gate_row"  # numbers the rows, so that those at fault can be told
_NOT_NULL = "expect_column_values_to_not_be_null"
_DECIMALS = 6  # of what was found, so that the last bits of a processor's arithmetic do not show


def judge(gate: str, task: str, judged: Judged) -> Verdict:
    """The verdict over all parts: in memory, without a network and without usage statistics.

    A row whose value could not be measured (NaN, or no such column) breaks its expectation; so does a `where` that no
    row satisfies. Great Expectations passes over both. Raises RuntimeError for an expectation that it cannot evaluate.
    """
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(), analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    source = gx.get_context(mode="ephemeral", project_config=config).data_sources.add_pandas("gate")
    outcomes = []
    for part in judged.parts:
        table = _with_all_columns(part)
        batch = source.add_dataframe_asset(part.rows).add_batch_definition_whole_dataframe("all")
        validator = batch.get_batch({"dataframe": table})
        outcomes += [_outcome(validator, table, part, expectation) for expectation in part.expectations]
    counts = {part.rows: len(part.table) for part in judged.parts}
    return Verdict(gate, task, judged.sha256, counts, outcomes, judged.left_out)


def _with_all_columns(part: Part) -> pd.DataFrame:
    needed = [e.column for e in part.expectations if e.column] + [e.where[0] for e in part.expectations if e.where]
    missing = {name: math.nan for name in needed if name not in part.table}
    return part.table.assign(**{_ROW: range(len(part.table))}, **missing)


def _outcome(batch: Any, table: pd.DataFrame, part: Part, expectation: Expectation) -> Outcome:
    rows = table if expectation.where is None else table[table[expectation.where[0]] == expectation.where[1]]
    if expectation.column is None:
        passed, _ = _validate(batch, expectation, expectation.kind)
        return Outcome(expectation, part.rows, passed, {"rows": len(rows)})
    if not len(rows):
        return Outcome(expectation, part.rows, False, {"rows": 0})
    met, at_fault = _validate(batch, expectation, expectation.kind)
    measured, unmeasured = _validate(batch, expectation, _NOT_NULL)
    passed = met and measured
    if not passed and "mean" in expectation.kind:
        at_fault = _behind_the_mean(rows, expectation)
    failing = [_row(table, part, expectation.column, number) for number in sorted({*at_fault, *unmeasured})]
    return Outcome(expectation, part.rows, passed, _found(rows[expectation.column], expectation), failing)


def _validate(batch: Any, expectation: Expectation, kind: str) -> tuple[bool, list[int]]:
    """Whether an expectation is met, and the numbers of the rows that break it."""
    arguments = dict(expectation.arguments) if kind == expectation.kind else {}
    if expectation.column is not None:
        arguments["column"] = expectation.column
    if expectation.where is not None:
        arguments["row_condition"] = Column(expectation.where[0]) == expectation.where[1]
    configuration = ExpectationConfiguration(type=kind, kwargs=arguments, severity=expectation.severity)
    complete = {"result_format": "COMPLETE", "unexpected_index_column_names": [_ROW]}
    result = batch.validate(configuration.to_domain_obj(), result_format=complete)
    if "raised_exception" not in result.exception_info or result.exception_info["raised_exception"]:
        raise RuntimeError(f"{expectation.name}: {result.exception_info}")
    return bool(result.success), [int(row[_ROW]) for row in result.result.get("unexpected_index_list") or ()]


def _behind_the_mean(rows: pd.DataFrame, expectation: Expectation) -> list[int]:
    """The rows that pull a share of 0 and 1 to the wrong side: failures of a success that is too rare."""
    values = rows[expectation.column]
    too_low = values.mean() < expectation.arguments.get("min_value", -math.inf)
    return [int(number) for number in rows[_ROW][values == (0 if too_low else 1)]]


def _found(values: pd.Series, expectation: Expectation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    known = values.dropna()
    if "between" in expectation.kind and len(known):
        if "mean" in expectation.kind:
            found["mean"] = _plain(known.mean())
        else:
            found |= {"least": _plain(known.min()), "most": _plain(known.max())}
    elif "unique" in expectation.kind:
        found |= {"different": int(known.nunique()), "rows": len(known)}
    elif len(known):
        found["values"] = sorted({str(value) for value in known})
    if len(known) < len(values):
        found["not_measured"] = len(values) - len(known)
    return found


def _row(table: pd.DataFrame, part: Part, column: str, number: int) -> Row:
    row = table.iloc[number]
    return {name: _plain(row[name]) for name in part.ids} | {"value": _plain(row[column])}


def _plain(value: Any) -> str | int | float:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return "not measured"
    number = value.item() if hasattr(value, "item") else value
    return round(number, _DECIMALS) + 0.0 if isinstance(number, float) else int(number)
