"""Faults of an export to LeRobot v2.1. Each changes files of the folder `root` and returns words that its check has to
say; `inject` makes the sums agree again, so that they do not give it away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from expertgen.data.hashing import sha256_sums, tree_sha256

Fault = Callable[[Path], str]
DATA = "data/chunk-000/episode_00000{}.parquet"
INFO, EPISODES, STATS = "meta/info.json", "meta/episodes.jsonl", "meta/episodes_stats.jsonl"


def inject(fault: Fault, root: Path) -> str:
    """Carry out `fault` in `root` and write its sums again."""
    words = fault(root)
    sums = tree_sha256(root)
    sums.pop("SHA256SUMS")
    (root / "SHA256SUMS").write_text(sha256_sums(sums), encoding="utf-8")
    return words


def _table(number: int) -> Callable[[Path], Path]:
    return lambda root: root / DATA.format(number)


def _video(number: int, camera: int = 0) -> Callable[[Path], Path]:
    return lambda root: sorted((root / "videos/chunk-000").iterdir())[camera] / f"episode_00000{number}.mp4"


def _json(name: str, change: Callable[[dict[str, Any]], Any], words: str) -> Fault:
    def fault(root: Path) -> str:
        value = json.loads((root / name).read_text())
        change(value)
        (root / name).write_text(json.dumps(value))
        return words

    return fault


def _line(name: str, line: int, change: Callable[[dict[str, Any]], Any], words: str) -> Fault:
    def fault(root: Path) -> str:
        rows = [json.loads(text) for text in (root / name).read_text().splitlines()]
        change(rows[line])
        (root / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return words

    return fault


def _cells(column: str, change: Callable[[np.ndarray], Any], words: str) -> Fault:
    """`change` one column of the second episode in place."""

    def fault(root: Path) -> str:
        table = pq.read_table(_table(1)(root))
        field, values = table.schema.field(column), np.array(table[column].to_pylist())
        change(values)
        place = table.schema.get_field_index(column)
        pq.write_table(table.set_column(place, field, pa.array(values.tolist(), field.type)), _table(1)(root))
        return words

    return fault


def _cut(path: Callable[[Path], Path]) -> Fault:
    def fault(root: Path) -> str:
        file = path(root)
        file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
        return file.name

    return fault


def _remove(path: Callable[[Path], Path]) -> Fault:
    def fault(root: Path) -> str:
        path(root).unlink()
        return f"{path(root).name} is missing"

    return fault


def _swap(first: Callable[[Path], Path], second: Callable[[Path], Path]) -> Fault:
    def fault(root: Path) -> str:
        kept = first(root).read_bytes()
        shutil.copyfile(second(root), first(root))
        second(root).write_bytes(kept)
        return "are not those that were released"

    return fault


def _lost_row(root: Path) -> str:
    table = pq.read_table(_table(2)(root))
    pq.write_table(table.slice(0, table.num_rows - 1), _table(2)(root))
    return "rows, expected"


def _put(at: Any, value: float) -> Callable[[np.ndarray], Any]:
    def change(values: np.ndarray) -> None:
        values[at] = value

    return change


def _image_size(info: dict[str, Any]) -> None:
    info["features"]["observation.images.front"]["shape"] = [32, 32, 3]


FAULTS: dict[str, Fault] = {
    "missing episode table": _remove(_table(1)),
    "missing episode video": _remove(_video(2)),
    "truncated table": _cut(_table(1)),
    "truncated video": _cut(_video(0)),
    "table without its last row": _lost_row,
    "wrong frame rate": _json(INFO, lambda info: info.update(fps=info["fps"] * 2), "timestamp of frame 1"),
    "wrong shape of the action": _json(INFO, lambda info: info["features"]["action"].update(shape=[9]), "action has"),
    "wrong size of images": _json(INFO, _image_size, "width is"),
    "wrong total of frames": _json(INFO, lambda info: info.update(total_frames=7), "total_frames is 7"),
    "another version": _json(INFO, lambda info: info.update(codebase_version="v3.0"), "codebase_version"),
    "wrong length of an episode": _line(EPISODES, 0, lambda row: row.update(length=row["length"] + 1), "total_frames"),
    "unknown instruction": _line(EPISODES, 1, lambda row: row.update(tasks=["dance"]), "dance"),
    "videos of two episodes swapped": _swap(_video(0), _video(2)),
    "videos of two cameras swapped": _swap(_video(0, 0), _video(0, 1)),
    "shifted times": _cells("timestamp", lambda values: np.add(values, 0.1, out=values), "timestamp of frame 0"),
    "NaN in the state": _cells("observation.state", _put((1, 3), np.nan), "observation.state holds NaN"),
    "one changed action": _cells("action", _put((1, 2), 9.0), "of action is another"),
    "wrong statistics": _line(STATS, 1, lambda row: row["stats"]["action"]["mean"].reverse(), "mean of action"),
    "GR00T's part beyond the vector": _json(
        "meta/modality.json", lambda parts: list(parts["action"].values())[-1].update(end=99), "to 99, expected a part"
    ),
}
