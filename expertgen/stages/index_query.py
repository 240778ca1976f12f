"""Building the index over episodes, and answering from it."""

from __future__ import annotations

import difflib
import sys
from typing import Any

import numpy as np

from expertgen.data.hashing import file_sha256
from expertgen.data.lock import stage_lock
from expertgen.errors import MissingInput, UnknownName
from expertgen.index.database import Database, build_database, database_is_current, origin
from expertgen.index.episode_table import START, TABLE, TRAJECTORY, read_episode_table
from expertgen.index.near_pairs import near_pairs
from expertgen.stages.index_answer import Answer, answer_json, answer_text
from expertgen.stages.index_command import Query
from expertgen.workspace import Workspace

_INDEX = "index"  # in the folder of what neither git nor DVC keeps
_COLUMN = {"start": START, "trajectory": TRAJECTORY}


def build(workspace: Workspace) -> None:
    """Build the index anew from data/TASK/episodes.parquet. An earlier one stands until the new one is whole.

    Raises MissingInput, CorruptArtifact, IncompatibleArtifact, StageBusy, CannotWrite.
    """
    path, target = workspace.data(TABLE), workspace.work(_INDEX)
    with stage_lock(workspace.lock(_INDEX)):
        table = read_episode_table(path, workspace.task)
        build_database(target, table, origin(file_sha256(path)))
    print(f"index: {table.num_rows} episodes, in {target}", file=sys.stderr)


def query(workspace: Workspace, asked: Query) -> None:
    """Answer `asked` on standard output. An index that is absent or stale is built first, which is said.

    Raises InvalidParameter for a bad filter, UnknownName for an unknown episode, MissingInput for one without a
    vector, and what `build` raises.
    """
    found = answer(_current(workspace), asked)
    print(answer_json(found) if asked.json else answer_text(found), end="")


def answer(database: Database, asked: Query) -> Answer:
    """What the index holds to `asked`. Raises as `query`."""
    if asked.duplicates is not None:
        return _duplicates(database, asked, asked.duplicates)
    if asked.like is None:
        return Answer(asked, database.rows(asked.where))
    like, vector = _find(database, asked.like, asked.by)
    rows = [row for row in database.nearest(vector, _COLUMN[asked.by], asked.where) if row["id"] != like["id"]]
    return Answer(asked, rows, like)


def _duplicates(database: Database, asked: Query, distance: float) -> Answer:
    rows = {str(row["id"]): row for row in database.rows(asked.where)}
    vectors = database.vectors(_COLUMN[asked.by], asked.where)
    ids = list(vectors)
    near = near_pairs(np.stack(list(vectors.values())), distance) if ids else []
    return Answer(asked, list(rows.values()), pairs=[(rows[ids[i]], rows[ids[j]], far) for i, j, far in near])


def _current(workspace: Workspace) -> Database:
    path, target = workspace.data(TABLE), workspace.work(_INDEX)
    if not path.is_file():
        read_episode_table(path, workspace.task)  # says what is missing: an old index answers for nothing
    if not database_is_current(target, origin(file_sha256(path))):
        why = f"{path} has changed" if target.is_dir() else "there is none yet"
        print(f"index: {why}; building it", file=sys.stderr)
        build(workspace)
    return Database.open(target)


def _find(database: Database, name: str, by: str) -> tuple[dict[str, Any], np.ndarray]:
    """The episode called `name`, and its vector."""
    rows = {str(row["id"]): row for row in database.rows()}
    if name not in rows:
        close = _padded(name, rows) or difflib.get_close_matches(name, rows, n=3, cutoff=0.7)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise UnknownName(f"Unknown episode {name[:80]!r}; known: {_known(list(rows))}.{hint}")
    vector = database.vectors(_COLUMN[by], f"id = '{name}'").get(name)
    if vector is None:
        raise MissingInput(f"{name} has no {by}: its simulation failed, so nothing is like it. Take another episode.")
    return rows[name], vector


def _padded(name: str, known: dict[str, Any]) -> list[str]:
    """demos/3 for demos/000003."""
    source, _, number = name.rpartition("/")
    padded = f"{source}/{number.zfill(6)}"
    return [padded] if padded in known else []


def _known(ids: list[str]) -> str:
    """Ids in sorted order as ranges: demos/000000 to demos/000999."""
    sources = sorted({name.rpartition("/")[0] for name in ids})
    groups = [[name for name in ids if name.rpartition("/")[0] == source] for source in sources]
    return ", ".join(f"{group[0]} to {group[-1]}" for group in groups) or "none"
