"""Operators: a person's answers at a terminal, and files in their place; exact intervals."""

from __future__ import annotations

import pytest

from expertgen.errors import InvalidParameter, MissingInput
from expertgen.metrics.wilson import wilson_interval
from expertgen.trials.intervals import clopper_pearson
from expertgen.trials.operator import FileOperator, Score, Stopped, TerminalOperator


def terminal(*lines: str) -> TerminalOperator:
    left = iter(lines)

    def ask(text: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    return TerminalOperator("AB", ask)


@pytest.mark.parametrize(
    ("lines", "score"),
    [
        (["s", "y"], Score("success", "", "AB")),
        (["failure let go of it", "y"], Score("failure", "let go of it", "AB")),
        (["f", "i", "i the lamp fell", "y"], Score("invalid", "the lamp fell", "AB")),  # a reason is asked for
        (["s", "n", "f slipped", "y"], Score("failure", "slipped", "AB")),  # taken back
        (["", "yes", "S", "y"], Score("success", "", "AB")),  # not understood
    ],
)
def test_a_person_scores(lines, score):
    assert terminal(*lines).score("how was it?", 1, None) == score


@pytest.mark.parametrize("lines", [["q"], [], ["s", "q"], ["f"]])
def test_q_and_the_end_of_input_stop(lines):
    with pytest.raises(Stopped):
        terminal(*lines).score("how was it?", 1, None)
    with pytest.raises(Stopped):
        terminal().confirm("is the scene reset?")


def answers(folder, text):
    path = folder / "answers.yaml"
    path.write_text(text)
    return FileOperator(path)


def test_a_file_answers_by_the_number_of_the_attempt(tmp_path):
    text = 'operator: robot\nanswers: [success, "failure, let go", "invalid, fell over"]\nthen: measured\n'
    operator = answers(tmp_path, text)
    found = [operator.score("?", number, measured=number % 2 == 0) for number in (3, 1, 2, 4, 5)]
    assert [(score.verdict, score.reason, score.by) for score in found] == [
        ("invalid", "fell over", "robot"), ("success", "", "robot"), ("failure", "let go", "robot"),
        ("success", "as measured at the end", "measured"), ("failure", "as measured at the end", "measured"),
    ]  # fmt: skip


def test_measured_needs_a_robot_that_measures_and_stop_stops(tmp_path):
    operator = answers(tmp_path, "operator: robot\nanswers: [measured]\nthen: stop\n")
    with pytest.raises(InvalidParameter, match="a person has to score"):
        operator.score("?", 1, None)
    with pytest.raises(Stopped):
        operator.score("?", 2, True)


@pytest.mark.parametrize("wrong", ["perhaps", "failure", '"success, mostly"', "stop it"])
def test_answers_that_are_none_are_refused(tmp_path, wrong):
    with pytest.raises(InvalidParameter, match=r"answers\[1\]"):
        answers(tmp_path, f"operator: robot\nanswers: [success, {wrong}]\nthen: stop\n")
    with pytest.raises(MissingInput):
        FileOperator(tmp_path / "none.yaml")


@pytest.mark.parametrize(  # Clopper and Pearson's, as tables print them
    ("successes", "n", "low", "high"), [(0, 20, 0.0, 0.1684), (15, 20, 0.5090, 0.9134), (20, 20, 0.8316, 1.0)]
)
def test_exact_intervals(successes, n, low, high):
    assert clopper_pearson(successes, n) == pytest.approx((low, high), abs=1e-4)
    wilson = wilson_interval(successes, n)
    found = clopper_pearson(successes, n)
    assert found[1] - found[0] > wilson[1] - wilson[0] - 1e-9
    with pytest.raises(ValueError, match="successes"):
        clopper_pearson(n + 1, n)
