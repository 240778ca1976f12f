"""What LeRobot itself reads from a release, compared with the episodes that the release was written from.

    python benchmarks/lerobot_reading.py [--task lift_banana] [--episodes 6]

Needs data/TASK/rollouts and data/TASK/release. Makes an environment of its own for LeRobot (lerobot_process.py; a
registry is needed the first time), so it is no part of the tests. It compares the release, and the first `--episodes`
of its episodes written again with files so small that each episode has its own: numbers of episodes and frames,
features and their order, statistics, the instruction, every column at the first, second and last step of each episode,
and there the images of each camera, which must be within the codec's tolerance of their source (12 levels of 255 in
any of 18 x 32 cells; those of another episode differ by 14 or more). Ends with status 1 and what differs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from lerobot_process import LeRobot, lerobot_python

from expertgen.data.episodes import EpisodeStore
from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo
from expertgen.data.lerobot.layout import video_key
from expertgen.data.lerobot.pictures import SOURCE_TOLERANCE, cell_means, difference
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.data.lerobot.writer import write_release

ROOT = Path(__file__).resolve().parents[1]


def source(store: EpisodeStore, row: dict[str, Any]) -> dict[str, np.ndarray]:
    """The episode that a row of meta/episodes says it comes from, by feature."""
    steps = store.episode(json.loads(row["source"])["episode"])
    images = {video_key(name.removeprefix("image_")): steps[name] for name in steps if name.startswith("image_")}
    length = len(steps["action"])
    numbers = {
        "frame_index": np.arange(length), "episode_index": np.full(length, row["episode_index"]),
        "index": row["dataset_from_index"] + np.arange(length), "task_index": np.zeros(length, np.int64),
    }  # fmt: skip
    return images | numbers | {
        "observation.state": steps["observation"], "action": steps["action"], "next.success": steps["success"],
        "observation.joint_position": steps["observation"][:, 16:23],
    }  # fmt: skip


def differences(root: Path, store: EpisodeStore, python: Path, count: int, folder: Path) -> Iterator[str]:
    """What LeRobot reads otherwise than the store has it, in the first `count` episodes."""
    reader, theirs = ReleaseReader(root), LeRobot(python, root, None)
    found, rows = theirs.described, reader.episodes
    info = reader.info
    expected: dict[str, Any] = {
        "episodes": len(rows), "frames": sum(row["length"] for row in rows), "fps": info["fps"],
        "lengths": [row["length"] for row in rows], "tasks": rows[0]["tasks"],
        "features": {name: feature["shape"] for name, feature in info["features"].items()},
        "columns": [name for name, feature in info["features"].items() if feature["dtype"] != "video"],
    }  # fmt: skip
    for name, value in expected.items():
        if found[name] != value:
            yield f"{name}: {found[name]}, expected {value}"
    if list(found["features"]) != list(info["features"]):
        yield f"the order of features: {list(found['features'])}, expected {list(info['features'])}"
    for name, statistics in json.loads((root / "meta/stats.json").read_text()).items():
        for kind, value in statistics.items():
            if found["statistics"][name][kind] != np.asarray(value).reshape(-1).tolist():
                yield f"{kind} of {name}: {found['statistics'][name][kind]}, expected {value}"
    for row in rows[:count]:
        steps = sorted({0, 1, row["length"] - 1})
        told = theirs.ask(read=[row["dataset_from_index"] + step for step in steps], to=str(folder / "read.npz"))
        if set(told["tasks"]) != set(row["tasks"]):
            yield f"the task of episode {row['episode_index']}: {told['tasks']}"
        with np.load(folder / "read.npz") as read:
            yield from (f"episode {row['episode_index']}, {text}"
                        for text in _steps(dict(read), source(store, row), steps, info["fps"]))  # fmt: skip
    theirs.close()


def _steps(read: dict[str, np.ndarray], wanted: dict[str, np.ndarray], steps: list[int], fps: int) -> Iterator[str]:
    if read.keys() ^ (wanted.keys() | {"timestamp"}):
        yield f"features {sorted(read.keys() ^ (wanted.keys() | {'timestamp'}))} are missing or extra"
    wanted = wanted | {"timestamp": (np.arange(max(steps) + 1) / fps).astype(np.float32)}
    for name, values in wanted.items():
        for place, step in enumerate(steps):
            if name.startswith("observation.images."):  # (3, H, W) between 0 and 1
                image = np.rint(read[name][place].transpose(1, 2, 0) * 255).astype(np.uint8)
                levels = difference(cell_means(image), cell_means(values[step]))
                if levels > SOURCE_TOLERANCE:
                    yield f"{name} at step {step} differs by {levels:.1f} levels"
            elif not np.array_equal(read[name][place], values[step]):
                yield f"{name} at step {step} is {read[name][place]}, expected {values[step]}"


def in_small_files(release: Path, store: EpisodeStore, count: int, target: Path) -> Path:
    """The first `count` episodes of `release`, written with a file of data and of video for each."""
    reader = ReleaseReader(release)
    features = reader.info["features"]
    cameras = {name.rpartition(".")[2]: (feature["shape"][1], feature["shape"][0])
               for name, feature in features.items() if feature["dtype"] == "video"}  # fmt: skip
    info = ReleaseInfo(
        task="task", instruction=reader.episodes[0]["tasks"][0], robot_type=reader.info["robot_type"],
        fps=reader.info["fps"], cameras=cameras, license="cc-by-4.0",
        observation_names=features["observation.state"]["names"], action_names=features["action"]["names"],
        success_definition="", lineage={"provenance": {}},
    )  # fmt: skip
    small = dataclasses.replace(info, data_files_size_in_mb=0.001, video_files_size_in_mb=0.001, chunks_size=2)
    write_release(target, (_episode(store, row, cameras) for row in reader.episodes[:count]), small)
    return target


def _episode(store: EpisodeStore, row: dict[str, Any], cameras: dict[str, tuple[int, int]]) -> ReleaseEpisode:
    values = source(store, row)
    return ReleaseEpisode(
        observation=values["observation.state"], action=values["action"], success=values["next.success"],
        joints=values["observation.joint_position"].copy(), seed=row["seed"], source=json.loads(row["source"]),
        images={name: values[video_key(name)] for name in cameras},
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="lift_banana")
    parser.add_argument("--episodes", type=int, default=6)
    arguments = parser.parse_args()
    data, python, wrong = ROOT / "data" / arguments.task, lerobot_python(), 0
    store = EpisodeStore.open(data / "rollouts")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        small = in_small_files(data / "release", store, arguments.episodes, folder / "small")
        for name, root in (("the release", data / "release"), ("in small files", small)):
            problems = list(differences(root, store, python, arguments.episodes, folder))
            print("\n".join([f"{name}: {len(problems)} differences", *(f"  {text}" for text in problems)]), flush=True)
            wrong += len(problems)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
