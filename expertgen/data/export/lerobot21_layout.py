"""Where a LeRobot v2.1 dataset keeps what, and its files of meta/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from expertgen.data.export.parts import slices
from expertgen.data.export.source import ReleaseSource
from expertgen.data.json_text import compact_json, json_text
from expertgen.data.lerobot import layout

VERSION, CHUNKS_SIZE = "v2.1", 1000  # episodes in a folder
DATA_PATH = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
VIDEO_PATH = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
EPISODES, EPISODES_STATS = "meta/episodes.jsonl", "meta/episodes_stats.jsonl"
TASKS, MODALITY = "meta/tasks.jsonl", "meta/modality.json"
ANNOTATION, TASK_INDEX = "human.task_description", "task_index"
STATISTICS = ("min", "max", "mean", "std", "count")  # of an episode, as LeRobot v2.1 has them
GROOT_STATISTICS = ("min", "max", "mean", "std", "q01", "q99")  # of all episodes: GR00T's meta/stats.json


def data_path(number: int) -> str:
    """The table of an episode."""
    return DATA_PATH.format(episode_chunk=number // CHUNKS_SIZE, episode_index=number)


def video_path(number: int, key: str) -> str:
    """The video of an episode in the feature `key`."""
    return VIDEO_PATH.format(episode_chunk=number // CHUNKS_SIZE, episode_index=number, video_key=key)


def info_json(info: dict[str, Any]) -> dict[str, Any]:
    """meta/info.json, from the release's."""
    episodes, features = info["total_episodes"], info["features"]
    return {
        "codebase_version": VERSION, "robot_type": info["robot_type"], "fps": info["fps"],
        "total_episodes": episodes, "total_frames": info["total_frames"], "total_tasks": info["total_tasks"],
        "total_videos": episodes * len(layout.video_keys(features)), "total_chunks": -(-episodes // CHUNKS_SIZE),
        "chunks_size": CHUNKS_SIZE, "splits": {"train": f"0:{episodes}"},
        "data_path": DATA_PATH, "video_path": VIDEO_PATH, "features": features,
    }  # fmt: skip


def modality_json(features: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """meta/modality.json: GR00T's names for parts of the state and of the action, for videos and the instruction.

    No rotation type is named: a GR00T `rotation_6d` is the first two rows of a matrix, ours its first two columns."""

    def parts(feature: str) -> dict[str, dict[str, int]]:
        return {part: {"start": start, "end": end} for part, (start, end) in slices(features[feature]["names"]).items()}

    return {
        "state": parts(layout.STATE), "action": parts(layout.ACTION),
        "video": {key.rpartition(".")[2]: {"original_key": key} for key in layout.video_keys(features)},
        "annotation": {ANNOTATION: {"original_key": TASK_INDEX}},
    }  # fmt: skip


def write_meta(root: Path, source: ReleaseSource) -> None:
    """Write README.md and meta/ of the export of `source` in the folder `root`."""
    release, keys = source.release, source.release.video_keys
    numbers = range(len(source.lengths))
    sha256 = {key: release.column(f"reference/{key}/sha256") for key in keys}
    rows = [
        source.told(number) | {
            "episode_index": number, "tasks": [source.instruction], "length": source.lengths[number],
            "reference": {key: sha256[key][number] for key in keys},  # of all decoded pixels, for the check
        } for number in numbers
    ]  # fmt: skip
    columns = {(key, name): release.column(f"stats/{key}/{name}") for key in source.features for name in STATISTICS}
    of_episode = [
        {"episode_index": number, "stats": {
            key: {name: columns[key, name][number] for name in STATISTICS} for key in source.features
        }} for number in numbers
    ]  # fmt: skip
    of_all = release.json(layout.STATS)
    stats = {key: {name: of_all[key][name] for name in GROOT_STATISTICS} for key in layout.columns(source.features)}
    texts = {
        layout.CARD: _card(source), layout.INFO: json_text(info_json(source.info)), layout.STATS: json_text(stats),
        TASKS: compact_json({"task_index": 0, "task": source.instruction}) + "\n",
        EPISODES: _lines(rows), EPISODES_STATS: _lines(of_episode),
        # In the order of the vector, which says more than that of the alphabet.
        MODALITY: json.dumps(modality_json(source.features), indent=2) + "\n",
        layout.LINEAGE: release.text(layout.LINEAGE), layout.PROVENANCE: release.text(layout.PROVENANCE),
    }  # fmt: skip
    (root / "meta").mkdir()
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")


def _lines(rows: list[dict[str, Any]]) -> str:
    return "".join(compact_json(row) + "\n" for row in rows)


def _card(source: ReleaseSource) -> str:
    matter = {
        "license": source.license, "task_categories": ["robotics"], "tags": ["LeRobot"],
        "configs": [{"config_name": "default", "data_files": "data/*/*.parquet"}],
    }  # fmt: skip
    front = yaml.safe_dump(matter, sort_keys=False, width=10_000)
    return (
        f"---\n{front}---\n\n# {source.instruction}\n\n{len(source.lengths)} episodes, {sum(source.lengths)} frames, "
        "in the layout of LeRobot v2.1, with GR00T's meta/modality.json. Values and decoded images are those of the "
        f"LeRobot v3.0 release whose SHA256SUMS have the SHA-256 `{source.sha256}`.\n"
    )
