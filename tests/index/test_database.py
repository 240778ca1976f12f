"""The database: the same answers from every build, filters, neighbours, and what a killed build leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from expertgen.errors import CorruptArtifact, InvalidParameter
from expertgen.index.database import Database, build_database, database_is_current, origin
from expertgen.index.episode_table import TRAJECTORY
from tests.index.made import table

ROOT = Path(__file__).parents[2]
VECTORS: list[list[float] | None] = [[0, 0], [3, 4], None, [0, 1], [0, -1], [6, 8]]
MARKS = [True, False, False, True, False, True]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    directory = tmp_path_factory.mktemp("index") / "db"
    build_database(directory, table(VECTORS, success_end=MARKS), origin("0"))
    return Database.open(directory)


def names(rows: list[dict]) -> list[int]:
    return [row["episode"] for row in rows]


def test_a_filter_gives_the_rows_it_holds_for_in_the_order_of_ids(database: Database) -> None:
    assert names(database.rows()) == [0, 1, 2, 3, 4, 5]
    assert names(database.rows("success_end = false")) == names(database.rows("NOT success_end -- so")) == [1, 2, 4]
    assert names(database.rows("id IN ('demos/000005', ';)') OR (episode < 1)")) == [0, 5]
    assert database.rows("episode > 9") == []
    row = database.rows("episode = 3")[0]
    assert (row["id"], row["seed"], row["perturbation"], row["start_x"]) == ("demos/000003", 3, "none", 0.5)
    assert not {"embedding", "start_vector"} & set(row)


def test_nearest_come_first_with_distances_and_equal_ones_by_id(database: Database) -> None:
    found = database.nearest(np.zeros(2, np.float32), TRAJECTORY, None)
    assert names(found) == [0, 3, 4, 1, 5]  # without the one that has no vector
    assert [row["distance_m"] for row in found] == pytest.approx([0, 1, 1, 5, 10])
    assert names(database.nearest(np.zeros(2, np.float32), TRAJECTORY, "success_end")) == [0, 3, 5]


def test_vectors_are_those_of_the_table(database: Database) -> None:
    vectors = database.vectors(TRAJECTORY, "episode < 4")
    assert {name: vector.tolist() for name, vector in vectors.items()} == {
        "demos/000000": [0, 0], "demos/000001": [3, 4], "demos/000003": [0, 1]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("where", "word"),
    [
        ("sucess_end = true", "sucess_end"),
        ("success_end =", "found"),
        ("success_end = true banana", "banana"),  # LanceDB itself passes over what follows
        ("success_end; DROP TABLE episodes", "; "),
        ("success_end) OR (episode = 1", "parentheses"),
        ("(success_end", "parentheses"),
        ("id = 'demos", "Unterminated"),
        ("episode", "boolean"),
        ("", "found"),
    ],
)
def test_a_bad_filter_is_one_message_with_the_columns(database: Database, where: str, word: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        database.rows(where)
    message = str(error.value)
    assert message.startswith(f"--where {where!r}") and word in message and "success_any, success_end" in message
    assert ".rs:" not in message and len(message) < 900
    with pytest.raises(InvalidParameter):
        database.nearest(np.zeros(2, np.float32), TRAJECTORY, where)


def test_built_anew_it_answers_the_same(database: Database, tmp_path: Path) -> None:
    build_database(tmp_path / "db", table(VECTORS, success_end=MARKS), origin("0"))
    (tmp_path / "db").rename(tmp_path / "moved")
    anew = Database.open(tmp_path / "moved")
    query = np.array([1, 1], np.float32)
    assert anew.rows() == database.rows()
    assert anew.nearest(query, TRAJECTORY, None) == database.nearest(query, TRAJECTORY, None)


def test_a_build_that_fails_or_is_killed_leaves_the_earlier_one(tmp_path: Path) -> None:
    target = tmp_path / "db"
    build_database(target, table(VECTORS), origin("old"))
    with pytest.raises(TypeError):  # after its rows were written
        build_database(target, table(VECTORS[:1]), {"episodes": object()})  # type: ignore[dict-item]
    assert [path.name for path in tmp_path.iterdir()] == ["db"]
    assert database_is_current(target, origin("old")) and len(Database.open(target).rows()) == 6
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from expertgen.index.database import build_database, origin\n"
        "from tests.index.made import table\n"
        # The call that exchanges the new directory for the old one is the last step of a build.
        "sys.addaudithook(lambda event, _: event == 'ctypes.dlsym' and os.kill(os.getpid(), signal.SIGKILL))\n"
        f"build_database(Path({str(target)!r}), table([[0, 0]]), origin('new'))\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120)
    assert killed.returncode == -9 and len(list(tmp_path.iterdir())) == 2
    assert database_is_current(target, origin("old")) and len(Database.open(target).rows()) == 6
    build_database(target, table(VECTORS[:1]), origin("new"))
    assert list(tmp_path.iterdir()) == [target] and len(Database.open(target).rows()) == 1


def test_damage_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorruptArtifact, match="Delete it"):
        Database.open(tmp_path / "nothing")
    assert not database_is_current(tmp_path / "nothing", origin("0"))
