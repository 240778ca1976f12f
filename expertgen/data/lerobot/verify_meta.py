"""Checks of a release: what meta/ and README.md say by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expertgen.data.lerobot import layout
from expertgen.data.lerobot.card import read_front_matter
from expertgen.data.lerobot.problems import reading
from expertgen.data.lerobot.release import Release

_FIXED = {
    "codebase_version": layout.VERSION, "data_path": layout.DATA_PATH, "video_path": layout.VIDEO_PATH,
    "total_tasks": 1,
}  # fmt: skip
_COUNTS = ("fps", "total_episodes", "total_frames", "chunks_size")
_DTYPES = {
    layout.STATE: "float32", layout.JOINTS: "float32", layout.ACTION: "float32", layout.SUCCESS: "bool",
    "timestamp": "float32", "frame_index": "int64", "episode_index": "int64", "index": "int64", "task_index": "int64",
}  # fmt: skip


def info_problems(root: Path) -> Iterator[str]:
    """meta/info.json says what a reader needs, in LeRobot's form."""
    with reading(layout.INFO):
        info = dict(json.loads((root / layout.INFO).read_text(encoding="utf-8")))
        features = {str(name): dict(feature) for name, feature in info["features"].items()}
    for name, expected in _FIXED.items():
        if info.get(name) != expected:
            yield f"{layout.INFO}: {name} is {info.get(name)!r}, expected {expected!r}"
    for name in _COUNTS:
        if type(info.get(name)) is not int or info[name] < 1:
            yield f"{layout.INFO}: {name} is {info.get(name)!r}, expected a whole number >= 1"
    videos = [name for name, feature in features.items() if feature.get("dtype") == "video"]
    for name in sorted(_DTYPES.keys() | (features.keys() - set(videos))):
        if features.get(name, {}).get("dtype") != _DTYPES.get(name):
            found = features.get(name, {}).get("dtype", "missing")
            yield f"{layout.INFO}: the feature {name} is {found}, expected {_DTYPES.get(name, 'no such feature')}"
    if not videos:
        yield f"{layout.INFO}: there is no video among the features"
    for name, feature in features.items():
        yield from _feature_problems(name, feature, info.get("fps"))


def _feature_problems(name: str, feature: dict[str, Any], fps: Any) -> Iterator[str]:
    where, shape, names = f"{layout.INFO}: the feature {name}", feature.get("shape"), feature.get("names")
    if not isinstance(shape, list) or not all(type(size) is int and size > 0 for size in shape):
        yield f"{where} has shape {shape!r}, expected positive whole numbers"
    elif feature.get("dtype") == "video":
        if "/" in name or len(shape) != 3:
            yield f"{where} has shape {shape}, expected height, width and 3 channels, and no slash in its name"
            return
        described = feature.get("info") or {}
        expected = {"video.height": shape[0], "video.width": shape[1], "video.channels": shape[2], "video.fps": fps,
                    "video.codec": layout.CODEC, "video.pix_fmt": layout.PIXELS}  # fmt: skip
        for key, value in expected.items():
            if described.get(key) != value:
                yield f"{where}: {key} is {described.get(key)!r}, expected {value!r}"
    elif len(shape) != 1 or (names is not None and len(names) != shape[0]):
        yield f"{where} has shape {shape} and {len(names or [])} names, expected as many names as components"


def meta_problems(release: Release) -> Iterator[str]:
    """Card, task, lineage and provenance are there and can be read."""
    with reading(layout.CARD):
        matter = read_front_matter(release.text(layout.CARD))
    data_files = [config.get("data_files") for config in matter.get("configs") or [{}]]
    if "LeRobot" not in (matter.get("tags") or []) or "robotics" not in (matter.get("task_categories") or []):
        yield f"{layout.CARD}: the front matter lacks the tag LeRobot or the category robotics"
    if not matter.get("license") or data_files != ["data/*/*.parquet"]:
        yield f"{layout.CARD}: the front matter lacks a license or the data files data/*/*.parquet"
    if list(release.tasks) != [0] or not release.tasks[0]:
        yield f"{layout.TASKS}: found tasks {release.tasks}, expected one, with number 0"
    with reading(layout.LINEAGE):
        if not all(isinstance(checksum, str) for checksum in release.lineage.values()):
            yield f"{layout.LINEAGE}: expected a SHA-256 for each artifact"
    if not isinstance(release.json(layout.PROVENANCE), dict):
        yield f"{layout.PROVENANCE}: expected a JSON object"
