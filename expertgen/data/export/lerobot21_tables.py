"""Checks of an export to LeRobot v2.1: rows where and when they should be, and statistics that are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.data.export import lerobot21_layout as v21
from expertgen.data.export.lerobot21_opened import Export21
from expertgen.data.lerobot import layout
from expertgen.data.lerobot.pictures import Pictures
from expertgen.data.lerobot.problems import reading
from expertgen.data.lerobot.rows import index_columns
from expertgen.data.lerobot.statistics import Statistics, image_statistics, value_statistics

_TIME_TOLERANCE = 1e-4  # s: LeRobot's own
_RELATIVE = 1e-6  # of the largest value: sums may be taken in another order elsewhere
_LEVELS = 1.5 / 255  # turning a decoded image to RGB may round otherwise elsewhere


def table_problems(export: Export21, values: list[dict[str, NDArray[Any]]]) -> Iterator[str]:
    """Each episode's table has its columns and rows, numbered and timed as its frames, with finite values, which are
    put into `values`."""
    start = 0
    for number, length in enumerate(export.lengths):
        name, table = v21.data_path(number), export.table(number)
        if not table.schema.equals(export.schema):
            yield f"{name}: its columns are {_columns(table.schema)}, expected {_columns(export.schema)}"
            return
        if table.num_rows != length or any(column.null_count for column in table.columns):
            yield f"{name} has {table.num_rows} rows, expected {length} without empty cells"
            return
        with reading(name):
            values.append(export.values(table))
        for column, found in values[-1].items():
            if found.dtype.kind == "f" and not np.isfinite(found).all():
                yield f"{name}: {column} holds NaN or infinity"
        for column, expected in index_columns(np.arange(length), number, start, export.fps).items():
            wrong = np.flatnonzero(~(np.abs(values[-1][column] - expected) <= _TIME_TOLERANCE))
            if len(wrong):
                at = wrong[0]
                yield f"{name}: {column} of frame {at} is {values[-1][column][at]:g}, expected {expected[at]:g}"
        success = values[-1][layout.SUCCESS]
        told = {"success": bool(success.any()), "success_end": bool(success[-1])}
        for key, outcome in told.items():
            if export.episodes[number].get(key) != outcome:
                yield f"{v21.EPISODES}: {key} of episode {number} is not {outcome}, as its frames say"
        start += length


def statistics_problems(
    export: Export21, values: list[dict[str, NDArray[Any]]], pictures: dict[tuple[str, int], Pictures]
) -> Iterator[str]:
    """meta/episodes_stats.jsonl and meta/stats.json are those of the values and of the decoded images."""
    for number, row in enumerate(export.lines(v21.EPISODES_STATS)):
        with reading(v21.EPISODES_STATS):
            stored = dict(row["stats"])
        where = f"{v21.EPISODES_STATS}: episode {number}"
        if stored.keys() != export.features.keys():
            yield f"{where} does not hold exactly the features of {layout.INFO}"
            return
        for key in export.features:
            if key in export.video_keys:
                shown = pictures[key, number]
                expected = image_statistics(shown.histogram, shown.sampled)
            else:
                expected = value_statistics(values[number][key])
            yield from _differences(where, key, stored[key], expected, v21.STATISTICS, key in export.video_keys)
    of_all = export.json(layout.STATS)
    if not isinstance(of_all, dict) or of_all.keys() != export.columns.keys():
        yield f"{layout.STATS} does not hold exactly the columns of the tables"
        return
    for key in export.columns:
        whole = value_statistics(np.concatenate([part[key] for part in values]))
        yield from _differences(layout.STATS, key, of_all[key], whole, v21.GROOT_STATISTICS, False)


def _differences(
    where: str, key: str, stored: Any, expected: Statistics, names: tuple[str, ...], image: bool
) -> Iterator[str]:
    if not isinstance(stored, dict) or stored.keys() != set(names):
        yield f"{where}: {key} does not hold exactly {', '.join(names)}"
        return
    scale = max(float(np.abs(expected["min"]).max()), float(np.abs(expected["max"]).max()))
    for name in names:
        allowed = 0.0 if name == "count" else _LEVELS if image else _RELATIVE * scale
        try:
            found = np.asarray(stored[name], dtype=np.float64)
        except (TypeError, ValueError):
            found = np.array(np.nan)
        if found.shape != expected[name].shape or not (np.abs(found - expected[name]) <= allowed).all():
            yield f"{where}: {name} of {key} is another than that of its values"


def _columns(schema: Any) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in schema)
