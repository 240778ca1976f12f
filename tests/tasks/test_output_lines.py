"""Lines of a stage's output."""

from __future__ import annotations

import logging

import pytest

from expertgen.stages.progress import Progress as StageProgress
from tasks.output_lines import clean, how_it_was_made, is_advice, level_of, progress_of


def test_progress_as_a_stage_prints_it() -> None:
    found = progress_of("prior: 384/6000 iterations, loss 0.02, 41.2 iterations/s, 136 s left")
    assert found is not None
    assert (found.label, found.done, found.total, found.percent) == ("prior", 384, 6000, 6.4)


def test_progress_as_expertgen_itself_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    shown = StageProgress("demos lift_banana", 1000, "episodes", 0)
    shown.update(400, success="56 %")
    shown.close()
    found = progress_of(capsys.readouterr().err.strip())
    assert found is not None
    assert (found.label, found.percent) == ("demos lift_banana", 40.0)


def test_a_label_may_have_parts() -> None:
    found = progress_of("evaluate: script: 512/1024 episodes, success 56.1%, 31.8 episodes/s, 16 s left")
    assert found is not None and (found.label, found.percent) == ("evaluate: script", 50.0)


@pytest.mark.parametrize("line", ["", "success: 5/0 of none", "ratio 3/4", "Running stage 'demos@ladle':", "a: 1/2"])
def test_other_lines_are_no_progress(line: str) -> None:
    assert progress_of(line) is None


def test_levels() -> None:
    assert level_of("ERROR: failed to reproduce 'demos@ladle'") == logging.ERROR
    assert level_of("WARNING: unsafe") == logging.WARNING
    assert level_of("success: 0.5") == logging.INFO


def test_long_lines_are_cut() -> None:
    assert clean("x" * 10 + " \n") == "x" * 10
    assert len(clean("x" * 100_000)) < 4100


def test_how_dvc_came_by_a_result() -> None:
    assert how_it_was_made("Stage 'demos@ladle' didn't change, skipping") == "Up to date"
    assert how_it_was_made("Stage 'demos@ladle' is cached - skipping run, checking out outputs") == "Restored"
    assert how_it_was_made("Running stage 'demos@ladle':") is None


def test_standing_advice_is_left_out() -> None:
    assert is_advice("\tgit add dvc.lock")
    assert not is_advice("ERROR: git add failed")
