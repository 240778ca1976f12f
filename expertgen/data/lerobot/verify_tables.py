"""Checks of a release: totals, files, and that rows are where and when they should be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from expertgen.data.lerobot import layout
from expertgen.data.lerobot.layout import Place
from expertgen.data.lerobot.problems import reading
from expertgen.data.lerobot.release import Release
from expertgen.data.lerobot.rows import index_columns

_TIME_TOLERANCE = 1e-4  # s: LeRobot's own


def episode_problems(release: Release) -> Iterator[str]:
    """meta/episodes agrees with the totals, and its rows with one another."""
    info, lengths = release.info, release.lengths
    if len(lengths) != info["total_episodes"]:
        yield f"{layout.INFO}: total_episodes is {info['total_episodes']}, meta/episodes has {len(lengths)}"
    if lengths.sum() != info["total_frames"]:
        yield f"{layout.INFO}: total_frames is {info['total_frames']}, meta/episodes comes to {lengths.sum()}"
    if info.get("splits") != {"train": f"0:{len(lengths)}"}:
        yield f"{layout.INFO}: splits is {info.get('splits')}, expected all {len(lengths)} episodes under train"
    starts = release.starts
    expected: dict[str, list[Any]] = {
        "episode_index": list(range(len(lengths))),
        "dataset_from_index": starts.tolist(),
        "dataset_to_index": (starts + lengths).tolist(),
        "tasks": [[release.tasks[0]]] * len(lengths),
        **{f"lineage/{name}": [checksum] * len(lengths) for name, checksum in release.lineage.items()},
    }
    for name, values in expected.items():
        for number, (found, value) in enumerate(zip(release.column(name), values, strict=True)):
            if found != value:
                yield f"meta/episodes: {name} of episode {number} is {found}, expected {value}"
    for number, (length, source) in enumerate(zip(lengths, release.column("source"), strict=True)):
        if length < 1:
            yield f"meta/episodes: episode {number} has length {length}, expected at least 1"
        with reading(f"meta/episodes: source of episode {number}"):
            if not {"store", "episode"} <= json.loads(source).keys():
                yield f"meta/episodes: source of episode {number} does not say which store and episode it comes from"


def layout_problems(release: Release) -> Iterator[str]:
    """There are exactly the files that the rows point at, and the videos' times follow on one another."""
    expected = {layout.CARD, layout.SUMS, layout.INFO, layout.STATS, layout.TASKS, layout.LINEAGE, layout.PROVENANCE}
    for prefix, pattern in (("data", layout.DATA_PATH), ("meta/episodes", layout.EPISODES_PATH)):
        expected |= {place.path(pattern) for place in release.places(prefix)}
    for key in release.video_keys:
        expected |= {place.path(layout.VIDEO_PATH, video_key=key) for place in release.places(f"videos/{key}")}
        yield from _span_problems(release, key)
    found = set(release.file_names())
    yield from (f"{name} is missing, meta/episodes points at it" for name in sorted(expected - found))
    yield from (f"{name} is not part of the release: nothing points at it" for name in sorted(found - expected))


def _span_problems(release: Release, key: str) -> Iterator[str]:
    """Each episode's part of its video begins where the one before it ends, and is as long as the episode."""
    ends: dict[Place, int] = {}
    columns = (release.column(f"videos/{key}/{name}_timestamp") for name in ("from", "to"))
    rows = zip(release.places(f"videos/{key}"), release.lengths.tolist(), *columns, strict=True)
    for number, (place, length, *found) in enumerate(rows):
        begin = ends.get(place, 0)
        ends[place] = begin + length
        for name, value, frame in zip(("begins", "ends"), found, (begin, begin + length), strict=True):
            if not abs(value - frame / release.fps) <= _TIME_TOLERANCE:
                yield (
                    f"meta/episodes: {key} of episode {number} {name} at {value:.4f} s, expected "
                    f"{frame / release.fps:.4f} s: shifted by {(value * release.fps - frame):.2f} frames"
                )


def step_problems(release: Release) -> Iterator[str]:
    """data/*.parquet holds each episode's rows in its file, numbered and timed as its frames, with finite values."""
    rows = Counter[Place]()
    for place, length in zip(release.places("data"), release.lengths.tolist(), strict=True):
        rows[place] += length
    wrong_counts = [
        f"{place.path(layout.DATA_PATH)} has {table.num_rows} rows, expected {rows[place]} by meta/episodes"
        for place, table in release.data_tables.items() if table.num_rows != rows[place]
    ]  # fmt: skip
    if wrong_counts:
        yield from wrong_counts
        return
    for name, values in release.data.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            yield f"data: {name} holds NaN or infinity"
    for number, (start, length) in enumerate(zip(release.starts.tolist(), release.lengths.tolist(), strict=True)):
        for name, values in index_columns(np.arange(length), number, start, release.fps).items():
            found = release.data[name][start : start + length]
            frames = np.flatnonzero(~(np.abs(found - values) <= _TIME_TOLERANCE))
            if len(frames):
                at = frames[0]
                yield f"data: {name} of episode {number}, frame {at}, is {found[at]:g}, expected {values[at]:g}"
    success = release.data[layout.SUCCESS]
    ends = release.starts + release.lengths - 1
    outcomes = {"success": np.logical_or.reduceat(success, release.starts), "success_end": success[ends]}
    for name, expected in outcomes.items():
        for wrong in np.flatnonzero(np.array(release.column(name)) != expected):
            yield f"meta/episodes: {name} of episode {wrong} is {not expected[wrong]}, its frames say otherwise"
