"""Trials that a flow starts: never without a person or a file of answers, and never for longer than the flow."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from expertgen.errors import InvalidParameter
from tasks.errors import StageFailed
from tasks.run_trials import run_trials

# In place of the package: what it was asked for, and the exit status that the protocol's name asks for.
MAIN = "import sys\nprint('asked for', *sys.argv[1:])\nsys.exit(int(sys.argv[sys.argv.index('--protocol') + 1]))\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "expertgen").mkdir()
    (tmp_path / "expertgen" / "__init__.py").touch()
    (tmp_path / "expertgen" / "__main__.py").write_text(MAIN)
    return tmp_path


def test_nothing_moves_without_a_person_or_answers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(InvalidParameter, match="person at a terminal"):
        run_trials("ladle", project, "0", "", "cpu", said.append)
    assert said == []


def test_with_answers_its_output_is_passed_on(project: Path) -> None:
    said: list[str] = []
    run_trials("ladle", project, "0", "answers.yaml", "quick", said.append)
    asked = "asked for --profile quick robot trial ladle --protocol 0 --answers answers.yaml"
    assert said == [asked]


def test_a_bad_end_is_told(project: Path) -> None:
    with pytest.raises(StageFailed, match="exit status 3"):
        run_trials("ladle", project, "3", "answers.yaml", "cpu", print)
