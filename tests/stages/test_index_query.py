"""`expertgen index` as a person meets it: tables, JSON, staleness and mistakes, on hand-made episodes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from expertgen import cli
from expertgen.index.episode_table import TABLE
from expertgen.workspace import Workspace
from tests.index.made import write_table

ROOT = Path(__file__).parents[2]
TASK = "lift_banana"
VECTORS: list[list[float] | None] = [[0, 0], [3, 4], None, [0, 1], [0, -1], [0, 1.001]]
MARKS = [True, False, False, True, False, True]


@pytest.fixture
def project(tmp_path: Path) -> Workspace:
    """A project with parameters, and a table of six episodes."""
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    workspace = Workspace(tmp_path, TASK)
    write_table(workspace.data(TABLE), VECTORS, success_end=MARKS)
    return workspace


@pytest.fixture
def ask(project: Workspace, capsys):
    """ask(*options) -> (exit status, standard output, standard error) of `expertgen index query TASK options`."""

    def run(*options: str, action: str = "query") -> tuple[int, str, str]:
        status = cli.main(["--params", str(project.root / "params.yaml"), "index", action, TASK, *options])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run


def ids(text: str) -> list[int]:
    return [int(line.split()[0].rpartition("/")[2]) for line in text.splitlines() if line.startswith("demos/")]


def test_the_index_is_built_by_the_first_query_and_again_when_the_table_has_changed(ask, project: Workspace) -> None:
    status, text, note = ask("--where", "success_end = false")
    assert (status, ids(text)) == (0, [1, 2, 4]) and "there is none yet; building it" in note
    assert "3 of 3 episodes; success at the end: 0.0 %" in text
    assert ask("--where", "success_end = false") == (0, text, "")
    write_table(project.data(TABLE), VECTORS[:2], success_end=MARKS[:2])
    status, text, note = ask()
    assert ids(text) == [0, 1] and "has changed" in note
    assert ask(action="build")[2].startswith("index: 2 episodes")
    assert ask() == (0, text, "")
    (project.work("index") / "built_from.json").write_text("{}")
    assert "has changed" in ask()[2]


def test_neighbours_leave_out_the_episode_itself(ask) -> None:
    _, text, _ = ask("--like", "demos/000000")
    assert ids(text) == [3, 4, 5, 1] and "nearest by trajectory to demos/000000: end success" in text
    assert [line.split()[1] for line in text.splitlines() if line.startswith("demos/")] == [
        "1.0000", "1.0000", "1.0010", "5.0000"
    ]  # fmt: skip
    assert ids(ask("--like", "demos/000000", "--by", "start", "--limit", "1")[1]) == [2]  # made to start there too
    limited = ask("--like", "demos/000000", "--where", "NOT success_end", "--limit", "1")[1]
    assert ids(limited) == [4] and "1 of 2 episodes" in limited
    assert "no episode matches" in ask("--like", "demos/000000", "--where", "episode > 7")[1]


def test_duplicates(ask) -> None:
    _, text, _ = ask("--duplicates")  # 0.005 m, of the parameters
    assert "of 6 episodes at most 0.005 m apart by trajectory: 1\n" in text
    assert "demos/000003  demos/000005        0.0010       success        success" in text
    _, text, _ = ask("--duplicates", "1.5", "--limit", "1")
    assert "at most 1.5 m apart by trajectory: 4" in text and "and 3 more: --limit 0 shows all" in text
    assert ask("--duplicates", "1.5", "--where", "episode > 7")[1].startswith("pairs of 0 episodes")


def test_json(ask) -> None:
    found = json.loads(ask("--like", "demos/000000", "--json", "--limit", "2")[1])
    assert [(row["id"], row["distance_m"]) for row in found["episodes"]] == [("demos/000003", 1), ("demos/000004", 1)]
    assert (found["like"]["id"], found["by"], found["matching"]) == ("demos/000000", "trajectory", 4)
    found = json.loads(ask("--where", "episode > 3", "--json")[1])
    assert [row["id"] for row in found["episodes"]] == ["demos/000004", "demos/000005"]
    assert (found["matching"], found["matching_success_end"], found["where"]) == (2, 1, "episode > 3")
    found = json.loads(ask("--duplicates", "0.01", "--json")[1])
    pair = found["pairs"][0]
    assert (pair["first"]["id"], pair["second"]["id"]) == ("demos/000003", "demos/000005")
    assert (found["found"], found["duplicates_m"], len(found["pairs"])) == (1, 0.01, 1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--like", "demos/3"], ["Unknown episode 'demos/3'", "demos/000000 to demos/000005", "mean demos/000003?"]),
        (["--like", "demo/000003"], ["Did you mean demos/00000"]),
        (["--like", "x"], ["Unknown episode 'x'"]),
        (["--like", "' OR 1=1"], ["Unknown episode"]),
        (["--like", "demos/000002"], ["demos/000002 has no trajectory", "simulation failed"]),
        (["--where", "succes = 1"], ["--where", "No field named succes", "success_any, success_end"]),
        (["--where", "episode"], ["--where 'episode'"]),
        (["--duplicates", "near"], ["--duplicates: found 'near'", "distance in m"]),
        (["--duplicates", "-1"], ["--duplicates"]),
        (["--limit", "-1"], ["--limit: found -1"]),
        (["--by", "start"], ["--by belongs to --like ID or --duplicates"]),
    ],
)
def test_a_mistake_is_one_message(ask, options: list[str], words: list[str]) -> None:
    ask(action="build")
    status, text, error = ask(*options)
    assert (status, text) == (2, "") and len(error.splitlines()) <= 3
    assert all(word in error for word in words), error


def test_without_a_table_even_an_old_index_answers_nothing(ask, project: Workspace) -> None:
    ask(action="build")
    project.data(TABLE).unlink()
    for action in ("build", "query"):
        status, text, error = ask(action=action)
        assert (status, text) == (2, "") and "`expertgen episodes lift_banana`" in error


def test_a_profile_has_an_index_of_its_own(ask, project: Workspace) -> None:
    assert "runs/quick/data/lift_banana/episodes.parquet" in ask("--profile", "quick")[2]
    write_table(Workspace(project.root / "runs" / "quick", TASK).data(TABLE), VECTORS[:1])
    assert ids(ask("--profile", "quick")[1]) == [0]


def test_a_damaged_index_is_told(ask, project: Workspace) -> None:
    ask(action="build")
    shutil.rmtree(project.work("index") / "episodes.lance")
    status, _, error = ask()
    assert status == 2 and "cannot be read" in error
    assert ask(action="build")[0] == 0 and ask()[0] == 0
