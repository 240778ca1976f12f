"""What other readers give of an export, compared with the release, for export_reading.py."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from export_process import Reader, readers_environment

from expertgen.data.export.parts import columns
from expertgen.data.lerobot.read import ReleaseReader

STATE, JOINTS = "observation.state", "observation.joint_position"


class Comparison:
    """Counts what was compared and what differs, and keeps the first texts that say so."""

    def __init__(self) -> None:
        counted = ("facts", "values", "values_differing", "images", "pixel_values", "pixel_values_differing")
        self.counts = dict.fromkeys(counted, 0)
        self.levels, self.texts = 0.0, list[str]()

    def same(self, what: str, found: Any, expected: Any) -> None:
        self.counts["facts"] += 1
        if found != expected:
            self.texts.append(f"{what}: {str(found)[:200]}, expected {str(expected)[:200]}")

    def values(self, what: str, found: np.ndarray, expected: np.ndarray) -> None:
        """Bit for bit, of one type."""
        self.counts["values"] += expected.size
        if (found.shape, found.dtype) != (expected.shape, expected.dtype):
            self.counts["values_differing"] += expected.size
            self.texts.append(f"{what}: {found.dtype} {found.shape}, expected {expected.dtype} {expected.shape}")
        elif wrong := int((found != expected).sum()):
            self.counts["values_differing"] += wrong
            self.texts.append(f"{what}: {wrong} of {expected.size} values differ")

    def images(self, what: str, found: np.ndarray, expected: np.ndarray) -> None:
        """Levels of 255, (T, H, W, 3) both."""
        self.counts["images"] += len(expected)
        self.counts["pixel_values"] += expected.size
        if found.shape != expected.shape:
            self.texts.append(f"{what}: {found.shape}, expected {expected.shape}")
            return
        off = np.abs(found.astype(np.float32) - expected)
        self.counts["pixel_values_differing"] += int((off > 0).sum())
        self.levels = max(self.levels, float(off.max()))
        if off.max() > 0:
            self.texts.append(f"{what}: up to {off.max():g} levels off")

    def result(self) -> dict[str, Any]:
        return {**self.counts, "largest_pixel_difference": self.levels, "differences": len(self.texts),
                "first_differences": self.texts[:10]}  # fmt: skip


def lerobot(python: Path, export: Path, release: ReleaseReader, count: int) -> dict[str, Any]:
    """LeRobotDataset against the release, in its first `count` episodes."""
    info, rows, compared = release.info, release.episodes, Comparison()
    theirs = Reader(python, "export_lerobot_worker.py", str(export))
    videos = [name for name, feature in info["features"].items() if feature["dtype"] == "video"]
    expected = {
        "episodes": len(rows), "frames": info["total_frames"], "fps": info["fps"], "robot_type": info["robot_type"],
        "tasks": rows[0]["tasks"], "lengths": [row["length"] for row in rows],
        "features": {name: feature["shape"] for name, feature in info["features"].items()},
        "columns": [name for name in info["features"] if name not in videos],
    }  # fmt: skip
    for name, value in expected.items():
        compared.same(name, theirs.described[name], value)
    for name, stored in json.loads((release.directory / "meta/stats.json").read_text()).items():
        for kind in ("min", "max", "mean", "std", "count"):
            # LeRobot puts the whole together from its episodes: equal but for rounding.
            found = theirs.described["statistics"][name][kind]
            compared.same(f"{kind} of {name}", np.allclose(found, np.ravel(stored[kind]), rtol=1e-9, atol=1e-9), True)
    for number, row in enumerate(rows[:count]):
        answer, read = theirs.arrays(read=[row["dataset_from_index"], row["dataset_to_index"]])
        wanted = release.arrays(number)
        compared.same(f"episode {number}: task", answer["tasks"], row["tasks"])
        compared.same(f"episode {number}: features", sorted(read), sorted([*wanted, *videos]))
        for name, values in wanted.items():
            compared.values(f"episode {number}: {name}", read[name], values)
        for key in videos:  # (T, 3, H, W) between 0 and 1; dividing by 255 and multiplying again rounds
            levels = (read[key].transpose(0, 2, 3, 1) * np.float32(255)).round(3)
            compared.images(f"episode {number}: {key}", levels, release.frames(number, key))
    theirs.close()
    return {"version": theirs.described["version"], "episodes": len(rows[:count])} | compared.result()


def robomimic(python: Path, export: Path, release: ReleaseReader, count: int) -> dict[str, Any]:
    """SequenceDataset against the release, in its first `count` episodes."""
    info, rows, compared = release.info, release.episodes, Comparison()
    parts = {part: of for part, of in columns(info["features"][STATE]["names"]).items() if part != "joints"}
    videos = [name for name, feature in info["features"].items() if feature["dtype"] == "video"]
    images = {f"{key.rpartition('.')[2]}_image": key for key in videos}
    path, others = str(export / "demos.hdf5"), ["actions", "states", "rewards", "dones"]
    asked = [*parts, "joint_position"], list(images), others
    theirs = Reader(python, "export_robomimic_worker.py", path, *map(json.dumps, asked))
    demos = theirs.described["demos"]
    compared.same("steps", theirs.described["steps"], info["total_frames"])
    every = sorted(demos["train"] + demos["valid"], key=lambda name: int(name[5:]))
    compared.same("demonstrations", every, [f"demo_{number}" for number in range(len(rows))])
    for number in range(len(rows[:count])):
        _, read = theirs.arrays(demo=f"demo_{number}")
        wanted, shown = _expected(release, number, parts, images)
        compared.same(f"demo_{number}: datasets", sorted(read), sorted({*wanted, *shown}))
        for name, values in wanted.items():
            compared.values(f"demo_{number}: {name}", read[name], values)
        for name, values in shown.items():
            compared.images(f"demo_{number}: {name}", read[name], values)
    theirs.close()
    command = [python, "-m", "robomimic.scripts.get_dataset_info", "--dataset", path]
    status = subprocess.run(command, capture_output=True, check=False, env=readers_environment()).returncode
    compared.same("status of robomimic's get_dataset_info", status, 0)
    split = {mask: len(names) for mask, names in demos.items()}
    return {"version": theirs.described["version"], "episodes": len(rows[:count]), **split} | compared.result()


def _expected(
    release: ReleaseReader, number: int, parts: dict[str, list[int]], images: dict[str, str]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What a demonstration's datasets and images should be, from the release."""
    told = release.arrays(number)
    done = np.arange(len(told["action"])) == len(told["action"]) - 1
    wanted = {
        "actions": told["action"], "states": told[STATE], "rewards": told["next.success"].astype(np.float32),
        "dones": done.astype(np.int64), "obs/joint_position": told[JOINTS],
        **{f"obs/{part}": told[STATE][:, of] for part, of in parts.items()},
    }  # fmt: skip
    shown = {f"obs/{name}": release.frames(number, key) for name, key in images.items()}
    for group in (wanted, shown):
        observed = [name for name in group if name.startswith("obs/")]
        group |= {f"next_{name}": np.concatenate([group[name][1:], group[name][-1:]]) for name in observed}
    return wanted, shown
