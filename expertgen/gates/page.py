"""A verdict for people: gate.md, the lines on a terminal, and the words of an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from expertgen.gates.verdict import Outcome, Row, Verdict

_SHOWN = 20  # failing rows of an expectation on the page
_NAMED = 5  # in an error


def page(verdict: Verdict) -> str:
    """The Markdown of gate.md."""
    counts = ", ".join(f"{rows} {count}" for rows, count in verdict.counts.items())
    judged = "".join(f"- `{path}`, SHA-256 `{sha}`\n" for path, sha in verdict.judged.items())
    return (
        f"# Gate {verdict.gate}, {verdict.task}: {'passed' if verdict.passed else 'FAILED'}\n\n"
        f"{_headline(verdict)} Rows: {counts}.\n\nJudged:\n\n{judged}\n"
        f"{_table(verdict.outcomes)}{''.join(_at_fault(outcome) for outcome in verdict.broken)}"
    )


def summary(verdict: Verdict) -> str:
    """Some lines for a terminal: the verdict, and each warning. What stops the run is told by `failure`."""
    lines = [f"gate {verdict.gate}: {'passed' if verdict.passed else 'FAILED'}. {_headline(verdict)}"]
    return "\n".join(lines + [f"  {_line(outcome)}" for outcome in verdict.broken if not outcome.stops])


def failure(verdict: Verdict, report: str) -> str:
    """What a person reads when the gate stops the run; `report` is where gate.md is."""
    stopping = [outcome for outcome in verdict.broken if outcome.stops]
    return "\n  ".join(
        [
            f"the gate of {verdict.gate} failed for {verdict.task}:",
            *(_line(outcome) for outcome in stopping),
            f"What was judged stays as it is: {', '.join(verdict.judged)}. All findings: {report}",
            "Make it better and run the stage again, or change the threshold in params.yaml and run the gate again.",
        ]
    )


def _headline(verdict: Verdict) -> str:
    met = sum(outcome.passed for outcome in verdict.outcomes)
    warnings = sum(not outcome.stops for outcome in verdict.broken)
    note = f" {warnings} broken as a warning, which stops nothing." if warnings else ""
    return f"{met} of {len(verdict.outcomes)} expectations are met.{note}"


def _table(outcomes: Sequence[Outcome]) -> str:
    head = "| | expectation | expected | found | failing | threshold |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {_mark(outcome)} | {outcome.expectation.name}{_where(outcome)} | {outcome.expectation.expected} | "
        f"{_found(outcome)} | {len(outcome.failing) or ''} | {_thresholds(outcome)} |\n"
        for outcome in outcomes
    )


def _at_fault(outcome: Outcome) -> str:
    if not outcome.failing:
        return ""
    header = [name for name in outcome.failing[0] if name != "value"]
    lines = [
        f"\n## {outcome.expectation.name}\n\n",
        f"{len(outcome.failing)} {outcome.rows} at fault; expected {outcome.expectation.expected}.\n\n",
        f"| {' | '.join([*header, 'found'])} |\n|{'---|' * (len(header) + 1)}\n",
        *(f"| {' | '.join([*(str(row[name]) for name in header), _value(row['value'])])} |\n"
          for row in outcome.failing[:_SHOWN]),
    ]
    if len(outcome.failing) > _SHOWN:
        lines.append(f"\nand {len(outcome.failing) - _SHOWN} more; gate.json lists up to 100.\n")
    return "".join(lines)


def _line(outcome: Outcome) -> str:
    expectation = outcome.expectation
    keys = f" ({', '.join(expectation.thresholds)})" if expectation.thresholds else ""
    named = [_name(row) for row in outcome.failing[:_NAMED]]
    if len(outcome.failing) > _NAMED:
        named.append(f"and {len(outcome.failing) - _NAMED} more")
    rows = f"; {outcome.rows} at fault: {', '.join(named)}" if named else ""
    severity = "" if outcome.stops else "warning: "
    return f"{severity}{expectation.name}: found {_found(outcome)}, expected {expectation.expected}{keys}{rows}"


def _name(row: Row) -> str:
    (_, name), *others = ((key, value) for key, value in row.items() if key != "value")
    return f"{name}" + (f" ({', '.join(f'{key} {value}' for key, value in others)})" if others else "")


def _mark(outcome: Outcome) -> str:
    return "met" if outcome.passed else "**broken**" if outcome.stops else "warning"


def _where(outcome: Outcome) -> str:
    where = outcome.expectation.where
    return f" ({where[0]}: {where[1]})" if where else ""


def _found(outcome: Outcome) -> str:
    return found_words(outcome.found, outcome.expectation.unit)


def found_words(found: Mapping[str, Any], unit: str) -> str:
    """The numbers of Outcome.found in words."""
    unit = f" {unit}" if unit else ""
    parts = []
    if "least" in found:
        span = [_value(found["least"]), _value(found["most"])]
        parts.append((span[0] if span[0] == span[1] else " to ".join(span)) + unit)
    if "mean" in found:
        parts.append(_value(found["mean"]) + unit)
    if "values" in found:
        parts.append(", ".join(found["values"]))
    if "different" in found:
        parts.append(f"{found['different']} different of {found['rows']}")
    elif "rows" in found:
        parts.append(f"{found['rows']}{unit}")
    if found.get("not_measured"):
        parts.append(f"{found['not_measured']} not measured")
    return ", ".join(parts) or "nothing"


def _value(value: str | int | float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _thresholds(outcome: Outcome) -> str:
    return ", ".join(f"`{key}`" for key in outcome.expectation.thresholds)
