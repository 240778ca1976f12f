"""One process that reads a dataset with LeRobotDataset, in the environment that lerobot_process.py makes.

Arguments: the dataset's folder, and how many actions a sample holds (null: the one of its step). It says what LeRobot
made of the dataset, then answers questions, a JSON line each: {"read": [index, ...], "to": PATH} writes those samples
to a .npz file; {"batch": size, "workers": count, "seconds": time} goes through shuffled batches and times them.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from torch.utils.data import DataLoader


def video_backend() -> str:
    """torchcodec is LeRobot's choice, but needs FFmpeg's libraries; PyAV brings its own."""
    try:
        import torchcodec.decoders  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        return "pyav"
    return "torchcodec"


def describe(dataset: LeRobotDataset, backend: str) -> dict[str, Any]:
    return {
        "episodes": dataset.num_episodes, "frames": dataset.num_frames, "fps": dataset.fps, "backend": backend,
        "features": {name: list(feature["shape"]) for name, feature in dataset.meta.features.items()},
        "columns": dataset.hf_dataset.column_names, "tasks": list(dataset.meta.tasks.index),
        "lengths": [int(length) for length in dataset.meta.episodes["length"]],
        "statistics": {
            name: {kind: np.asarray(value).reshape(-1).tolist() for kind, value in values.items()}
            for name, values in (dataset.meta.stats or {}).items()
        },
    }  # fmt: skip


def read(dataset: LeRobotDataset, indices: list[int], path: str) -> dict[str, Any]:
    samples = [dataset[index] for index in indices]
    arrays = {name: np.stack([sample[name].numpy() for sample in samples])
              for name, value in samples[0].items() if isinstance(value, torch.Tensor)}  # fmt: skip
    np.savez(path, **{name.replace("/", "|"): value for name, value in arrays.items()})
    return {"tasks": [sample["task"] for sample in samples]}


def rate(loader: DataLoader[Any], seconds: float) -> dict[str, Any]:
    """Samples a second; batches that workers have ready when the clock starts are not counted."""
    batches = iter(loader)
    for _ in range(1 + 2 * loader.num_workers):
        next(batches)
    begun, samples = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        try:
            batch = next(batches)
        except StopIteration:
            batches = iter(loader)
            continue
        samples += len(batch["action"])
    return {"samples": samples, "seconds": time.perf_counter() - begun}


def main() -> None:
    horizon = json.loads(sys.argv[2])
    backend, fps = video_backend(), json.loads((Path(sys.argv[1]) / "meta/info.json").read_text())["fps"]
    windows = None if horizon is None else {"action": [step / fps for step in range(horizon)]}
    begun = time.perf_counter()
    dataset = LeRobotDataset("local/release", root=sys.argv[1], delta_timestamps=windows, video_backend=backend)
    opened = time.perf_counter() - begun
    print(json.dumps(describe(dataset, backend) | {"opened_s": opened}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        if "read" in question:
            print(json.dumps(read(dataset, question["read"], question["to"])), flush=True)
            continue
        size, workers = question["batch"], question["workers"]
        # Its workers end with each answer: none fetches ahead while others are timed.
        loader = DataLoader(dataset, batch_size=size, shuffle=True, drop_last=True, num_workers=workers)
        print(json.dumps(rate(loader, question["seconds"])), flush=True)


if __name__ == "__main__":
    main()
