"""Checks of an export to LeRobot v2.1: what meta/ says by itself, and that all files are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from expertgen.data.export import lerobot21_layout as v21
from expertgen.data.export.lerobot21_opened import Export21
from expertgen.data.lerobot import layout

_PARTS = {"state": layout.STATE, "action": layout.ACTION}
_NEEDED = {layout.STATE, layout.ACTION, layout.SUCCESS, "timestamp", "frame_index", "episode_index", "index",
           "task_index"}  # fmt: skip


def info_problems(export: Export21) -> Iterator[str]:
    """meta/info.json says what a reader needs, in LeRobot's form; its totals are those of meta/episodes.jsonl."""
    info, features = export.info, export.features
    if info.get("codebase_version") != v21.VERSION:
        yield f"{layout.INFO}: codebase_version is {info.get('codebase_version')!r}, expected {v21.VERSION!r}"
        return
    for name, feature in features.items():
        shape = feature.get("shape")
        if not isinstance(shape, list) or not all(type(size) is int and size > 0 for size in shape):
            yield f"{layout.INFO}: the shape of {name} is {shape}"
        elif feature["dtype"] != "video" and feature.get("names") and len(feature["names"]) != shape[0]:
            yield f"{layout.INFO}: {name} has {len(feature['names'])} names, its shape is {shape}"
    for name in sorted(_NEEDED - features.keys()):
        yield f"{layout.INFO}: there is no feature {name}"
    if type(export.fps) is not int or export.fps < 1:
        yield f"{layout.INFO}: fps is {export.fps!r}, expected a whole number >= 1"
    totals = {"total_episodes": len(export.lengths), "total_frames": sum(export.lengths), "total_tasks": 1}
    told = {"features": features, "robot_type": info.get("robot_type"), "fps": info.get("fps")}
    expected = v21.info_json(totals | told)
    for name in sorted(expected.keys() | info.keys()):
        if info.get(name) != expected.get(name):
            yield f"{layout.INFO}: {name} is {info.get(name)!r}, expected {expected.get(name)!r}"


def row_problems(export: Export21) -> Iterator[str]:
    """Episodes and their statistics are numbered from 0, their instruction is known, and there are exactly their
    files."""
    tasks = {row.get("task_index"): row.get("task") for row in export.lines(v21.TASKS)}
    if list(tasks) != [0] or not isinstance(tasks[0], str):
        yield f"{v21.TASKS}: found {tasks}, expected one instruction with number 0"
        return
    for name, rows in ((v21.EPISODES, export.episodes), (v21.EPISODES_STATS, export.lines(v21.EPISODES_STATS))):
        numbers = [row.get("episode_index") for row in rows]
        if numbers != list(range(len(export.lengths))):
            yield f"{name}: episodes are {_short(numbers)}, expected 0 to {len(export.lengths) - 1}"
    for number, row in enumerate(export.episodes):
        if export.lengths[number] < 1:
            yield f"{v21.EPISODES}: episode {number} has length {export.lengths[number]}, expected at least 1"
        if row.get("tasks") != [tasks[0]]:
            yield f"{v21.EPISODES}: tasks of episode {number} are {row.get('tasks')}, expected [{tasks[0]!r}]"
    meta = (layout.CARD, layout.SUMS, layout.INFO, layout.STATS, layout.LINEAGE, layout.PROVENANCE)
    expected = {*meta, v21.TASKS, v21.EPISODES, v21.EPISODES_STATS, v21.MODALITY}
    for number in range(len(export.lengths)):
        expected |= {v21.data_path(number), *(v21.video_path(number, key) for key in export.video_keys)}
    found = set(export.file_names())
    yield from (f"{name} is missing" for name in sorted(expected - found))
    yield from (f"{name} belongs to no episode" for name in sorted(found - expected))


def modality_problems(export: Export21) -> Iterator[str]:
    """meta/modality.json names parts that lie in the vectors without overlapping, and features that are there."""
    modality = dict(export.json(v21.MODALITY))
    for kind, feature in _PARTS.items():
        size, last = export.features[feature]["shape"][0], 0
        for part, span in sorted(modality[kind].items(), key=lambda item: item[1]["start"]):
            start, end = span["start"], span["end"]
            if not last <= start < end <= size:
                yield (
                    f"{v21.MODALITY}: {kind}.{part} is {start} to {end}, expected a part of 0 to {size} that overlaps "
                    "with no other"
                )
            last = max(last, end)
    originals = {part: of.get("original_key") for part, of in modality["video"].items()}
    if sorted(originals.values(), key=str) != sorted(export.video_keys):
        yield f"{v21.MODALITY}: videos are {originals}, expected each of {export.video_keys}"
    for name, of in modality["annotation"].items():
        if of.get("original_key") not in export.columns:
            yield f"{v21.MODALITY}: annotation {name} is the column {of.get('original_key')}, which is not there"


def _short(values: list[Any]) -> str:
    return ", ".join(map(str, values[:5])) + (", ..." if len(values) > 5 else "")
