"""Totals, times, rows and statistics that contradict one another, with sums that agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.data.lerobot import damage
from tests.data.lerobot.damage import plus, problems
from tests.data.lerobot.samples import FPS

FRONT = "observation.images.front"


@pytest.mark.parametrize("column", ["action", "observation.state", "timestamp"])
def test_a_flipped_bit_in_values_is_found_without_sums(release: Path, column: str) -> None:
    path = release / damage.DATA
    group = pq.ParquetFile(path).metadata.row_group(1)
    chunks = [group.column(index) for index in range(group.num_columns)]
    chunk = next(chunk for chunk in chunks if chunk.path_in_schema.startswith(column))
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    damage.flip_bit(path, start + chunk.total_compressed_size - 3)
    damage.sum_again(release)
    assert f"{damage.DATA} cannot be read" in problems(release)


@pytest.mark.parametrize("frames", [1, 5, -1])
@pytest.mark.parametrize("ends", [("from", "to"), ("from",)])
def test_video_times_that_are_shifted(release: Path, frames: int, ends: tuple[str, ...]) -> None:
    for end in ends:
        damage.change_column(release, damage.EPISODES, f"videos/{FRONT}/{end}_timestamp", plus(frames / FPS))
    found = problems(release)
    assert f"{FRONT} of episode 0 begins at" in found and f"shifted by {frames:.2f} frames" in found
    assert "observation.images.side" not in found


@pytest.mark.parametrize("frames", [1, 5])
def test_one_episodes_video_time_that_is_shifted(release: Path, frames: int) -> None:
    for end in ("from", "to"):
        change = lambda values: [*values[:-1], values[-1] - frames / FPS]  # noqa: E731
        damage.change_column(release, damage.EPISODES, f"videos/{FRONT}/{end}_timestamp", change)
    assert f"{FRONT} of episode 2 begins at" in (found := problems(release)) and "episode 1" not in found


@pytest.mark.parametrize("frames", [1, 5])
def test_step_times_that_are_shifted(release: Path, frames: int) -> None:
    damage.change_column(release, damage.DATA, "timestamp", plus(frames / FPS))
    assert f"data: timestamp of episode 0, frame 0, is {frames / FPS:g}, expected 0" in problems(release)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"total_frames": 17}, "total_frames is 17, meta/episodes comes to 16"),
        ({"total_episodes": 2}, "total_episodes is 2, meta/episodes has 3"),
        ({"total_tasks": 2}, "total_tasks is 2, expected 1"),
        ({"splits": {"train": "0:2"}}, "splits is {'train': '0:2'}"),
        ({"fps": 20}, "video.fps is 10, expected 20"),
        ({"codebase_version": "v2.1"}, "codebase_version is 'v2.1', expected 'v3.0'"),
        ({"video_path": "../{video_key}.mp4"}, "video_path is"),
        ({"fps": "10"}, "fps is '10', expected a whole number"),
        ({"total_frames": True}, "total_frames is True"),
        ({"features": {}}, "the feature action is missing"),
        ({"features": 3}, "meta/info.json cannot be read"),
    ],
)
def test_wrong_totals_and_descriptions(release: Path, change: dict[str, Any], expected: str) -> None:
    damage.change_json(release, "meta/info.json", lambda info: info.update(change))
    assert expected in problems(release)


@pytest.mark.parametrize("feature", ["action", "observation.images.side", "index"])
@pytest.mark.parametrize("name", ["mean", "q99", "count"])
def test_wrong_statistics(release: Path, feature: str, name: str) -> None:
    def change(stats: dict[str, Any]) -> None:
        stats[feature][name] = (np.array(stats[feature][name]) * 1.1 + 1).tolist()

    damage.change_json(release, "meta/stats.json", change)
    assert f"meta/stats.json: {name} of {feature} is" in problems(release)


def test_wrong_statistics_of_one_episode(release: Path) -> None:
    change = lambda values: [values[0], values[2], values[2]]  # noqa: E731
    damage.change_column(release, damage.EPISODES, "stats/observation.state/std", change)
    assert "meta/episodes, episode 1: std of observation.state is" in problems(release)


@pytest.mark.parametrize(
    ("name", "column", "change", "expected"),
    [
        (damage.DATA, "frame_index", plus(1), "frame_index of episode 0, frame 0, is 1, expected 0"),
        (damage.DATA, "index", plus(1), "index of episode 0, frame 0, is 1, expected 0"),
        (damage.DATA, "task_index", plus(1), "task_index of episode 0"),
        (damage.DATA, "action", lambda v: [[np.nan] * 10, *v[1:]], "action holds NaN or infinity"),
        (damage.DATA, "next.success", lambda v: [True] * len(v), "success of episode 0 is False"),
        (damage.EPISODES, "length", lambda v: [5, 5, 6], "dataset_from_index of episode 1 is 6, expected 5"),
        (damage.EPISODES, "length", lambda v: [0, 10, 6], "episode 0 has length 0"),
        (damage.EPISODES, "success", lambda v: v[::-1], "success of episode 0"),
        (damage.EPISODES, "tasks", lambda v: [["drop it"]] * 3, "tasks of episode 0 is ['drop it']"),
        (damage.EPISODES, "lineage/expert", lambda v: ["x"] * 3, "lineage/expert of episode 0 is x"),
        (damage.EPISODES, "source", lambda v: ["{}"] * 3, "does not say which store"),
        (damage.EPISODES, "data/file_index", lambda v: [0, 0, 1], "file-001.parquet is missing"),
        (damage.EPISODES, "episode_index", lambda v: v[::-1], "episode_index of episode 0 is 2"),
        (damage.EPISODES, "seed", lambda v: [None, *v[1:]], "it has empty cells"),
    ],
)
def test_rows_that_contradict_one_another(
    release: Path, name: str, column: str, change: Callable[[list[Any]], list[Any]], expected: str
) -> None:
    damage.change_column(release, name, column, change)
    assert expected in problems(release)


def test_a_column_that_is_missing_or_new(release: Path) -> None:
    table = pq.read_table(release / damage.DATA)
    pq.write_table(table.drop_columns(["action"]), release / damage.DATA)
    damage.sum_again(release)
    assert "column action: found None" in problems(release)
    pq.write_table(table.append_column("reward", [[0.0] * 16]), release / damage.DATA)
    damage.sum_again(release)
    assert "column reward: found double, expected None" in problems(release)


def test_json_without_numbers_is_no_traceback(release: Path) -> None:
    stats = json.loads((release / "meta/stats.json").read_text())
    stats["action"]["mean"] = ["a"] * 10
    (release / "meta/stats.json").write_text(json.dumps(stats))
    damage.sum_again(release)
    assert "mean of action is nan" in problems(release)
