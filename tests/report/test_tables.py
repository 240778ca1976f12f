"""Tables hold every number once, aligned."""

from __future__ import annotations

from expertgen.metrics.wilson import Rate
from expertgen.report.tables import EvaluationRow, ddim_table, markdown_grid, markdown_table, text_table

ROWS = [
    EvaluationRow("script", Rate(576, 1024), Rate(560, 1024), None, None, 20000),
    EvaluationRow("expert", Rate(1020, 1024), Rate(1016, 1024), 0.1342, 2.804, 20000),
]


def test_markdown_has_one_line_per_policy() -> None:
    lines = markdown_table(ROWS).splitlines()
    assert [cell.strip() for cell in lines[0].strip("|").split("|")] == [
        "policy",
        "success any time [95 %]",
        "success at end [95 %]",
        "DTW",
        "jerk",
        "n",
        "seed",
    ]
    expert = [cell.strip() for cell in lines[3].strip("|").split("|")]
    assert expert == [
        "expert",
        "99.6 % [99.0, 99.8]",
        "99.2 % [98.5, 99.6]",
        "0.134",
        "2.80",
        "1024",
        "20000",
    ]
    script = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert script[3:5] == ["-", "-"]
    assert len({len(line) for line in lines}) == 1
    assert markdown_table(ROWS).endswith("|\n")


def test_text_aligns_numbers_on_the_right_within_a_terminal() -> None:
    lines = text_table(ROWS).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= 100
    assert lines[3].startswith("expert ") and lines[3].endswith("20000")


def test_ddim_table_is_sorted_and_marks_what_was_not_measured() -> None:
    series = {"zero noise": {16: Rate(9, 10), 1: Rate(5, 10)}, "Gaussian": {16: Rate(7, 10)}}
    lines = ddim_table(series).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["1", "16"]
    assert lines[2].split("|")[3].strip() == "-"
    assert "90.0 % [" in lines[3] and "70.0 % [" in lines[3]


def test_pipes_do_not_break_a_table() -> None:
    assert r"a\|b" in markdown_grid(["name"], [["a|b"]], "<")


def test_no_rows_give_a_header() -> None:
    assert len(markdown_table([]).splitlines()) == len(text_table([]).splitlines()) == 2
