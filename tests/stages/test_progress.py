"""What a person sees of a long stage, on a terminal and in a log."""

from __future__ import annotations

import io
import sys

import pytest

from expertgen.stages import progress as module
from expertgen.stages.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_few_lines_and_always_the_last(capsys) -> None:
    with progress("demos", 1000, "episodes", initial=400) as bar:
        for _ in range(600):
            bar.update(success="56 %")
    out, err = capsys.readouterr()
    assert not out and len(err.splitlines()) <= 2
    assert err.startswith("demos: 1000/1000 episodes, success 56 %, ") and "episodes/s" in err


def test_a_log_says_how_long_it_will_take(capsys, monkeypatch) -> None:
    monkeypatch.setattr(module, "_INTERVAL", 0.0)
    with progress("prior", 4, "iterations") as bar:
        bar.update(2, loss=0.123456)
        first = capsys.readouterr().err
    assert first.startswith("prior: 2/4 iterations, loss 0.1235, ") and first.endswith(" s left\n")


def test_nothing_done_is_not_reported(capsys) -> None:
    with progress("demos", 10, "episodes", initial=10):
        pass
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_that_notes_do_not_break(monkeypatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("steer", 4, "decisions") as bar:
        bar.update(4, loss=0.5)
        bar.note("half way")
    shown = terminal.getvalue()
    assert "steer: 100%" in shown and "4/4" in shown and "half way\n" in shown


def test_an_interrupted_stage_leaves_its_last_count(capsys) -> None:
    with pytest.raises(KeyboardInterrupt), progress("demos", 10, "episodes") as bar:
        bar.update(3)
        raise KeyboardInterrupt
    assert "demos: 3/10 episodes" in capsys.readouterr().err
