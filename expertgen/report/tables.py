"""Tables of a report: Markdown for files, plain text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from expertgen.metrics.wilson import Rate, format_rate

HEADER = ("policy", "success any time [95 %]", "success at end [95 %]", "DTW", "jerk", "n", "seed")
# Policy names are words; all else is a number and lines up on the right.
ALIGNMENT = "<" + ">" * (len(HEADER) - 1)
MISSING = "-"


@dataclass(frozen=True)
class EvaluationRow:
    """One policy's line: success at any time and at the episode's end over the same n episodes.

    dtw: mean normalised open-end DTW to the demonstrations; jerk: mean joint-space jerk cost in rad^2/s^6;
    None where not measured. seed: of the starts.
    """

    policy: str
    success_any: Rate
    success_end: Rate
    dtw: float | None
    jerk: float | None
    seed: int


def markdown_table(rows: Sequence[EvaluationRow]) -> str:
    """The evaluation table in Markdown, newline-terminated."""
    return markdown_grid(HEADER, _cells(rows), ALIGNMENT)


def text_table(rows: Sequence[EvaluationRow]) -> str:
    """The evaluation table aligned with spaces for the terminal, newline-terminated."""
    return text_grid(HEADER, _cells(rows), ALIGNMENT)


def ddim_table(series: Mapping[str, Mapping[int, Rate]]) -> str:
    """Markdown: one line per number of DDIM steps, one column per series (name -> steps -> rate)."""
    steps = sorted({step for rates in series.values() for step in rates})
    cells = [
        [str(step), *(format_rate(rates[step]) if step in rates else MISSING for rates in series.values())]
        for step in steps
    ]
    return markdown_grid(
        ["DDIM steps", *(f"{name} [95 %]" for name in series)], cells, ">" * (1 + len(series))
    )


def markdown_grid(header: Sequence[str], cells: Sequence[Sequence[str]], alignment: str) -> str:
    """Any Markdown table. alignment: "<" or ">" per column. Pipes in cells are escaped."""
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in [header, *cells]]
    widths = [max(3, *(len(row[column]) for row in escaped)) for column in range(len(header))]
    rule = [
        "-" * (width - 1) + ":" if side == ">" else "-" * width
        for width, side in zip(widths, alignment, strict=True)
    ]
    lines = [_pad(row, widths, alignment) for row in escaped]
    return "".join(f"| {' | '.join(row)} |\n" for row in [lines[0], rule, *lines[1:]])


def text_grid(header: Sequence[str], cells: Sequence[Sequence[str]], alignment: str) -> str:
    """Any table aligned with spaces. alignment: "<" or ">" per column."""
    table = [list(header), *(list(row) for row in cells)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = [_pad(row, widths, alignment) for row in table]
    lines.insert(1, ["-" * width for width in widths])
    return "".join("  ".join(row).rstrip() + "\n" for row in lines)


def _pad(row: Sequence[str], widths: Sequence[int], alignment: str) -> list[str]:
    return [f"{cell:{side}{width}}" for cell, width, side in zip(row, widths, alignment, strict=True)]


def _cells(rows: Sequence[EvaluationRow]) -> list[list[str]]:
    return [
        [
            row.policy,
            format_rate(row.success_any),
            format_rate(row.success_end),
            MISSING if row.dtw is None else f"{row.dtw:.3f}",
            MISSING if row.jerk is None else f"{row.jerk:.2f}",
            str(row.success_any.n),
            str(row.seed),
        ]
        for row in rows
    ]
