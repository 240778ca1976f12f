"""One process that reads a LeRobot v2.1 dataset with LeRobotDataset, in the environment that export_process.py makes.

Argument: the dataset's folder. It says what LeRobot made of the dataset, then answers questions, a JSON line each:
{"read": [first, end], "to": PATH} writes those samples, each asked for by itself, to a .npz file.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys

import numpy as np
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset


def main() -> None:
    dataset = LeRobotDataset("local/export", root=sys.argv[1], video_backend="pyav")
    described = {
        "version": importlib.metadata.version("lerobot"),
        "episodes": dataset.num_episodes, "frames": len(dataset), "fps": dataset.fps,
        "robot_type": dataset.meta.robot_type, "tasks": list(dataset.meta.tasks.values()),
        "features": {name: list(feature["shape"]) for name, feature in dataset.meta.features.items()},
        "columns": dataset.hf_dataset.column_names,
        "lengths": [dataset.meta.episodes[number]["length"] for number in range(dataset.num_episodes)],
        "statistics": {
            name: {kind: np.asarray(value).reshape(-1).tolist() for kind, value in values.items()}
            for name, values in dataset.meta.stats.items()
        },
    }  # fmt: skip
    print(json.dumps(described), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        samples = [dataset[index] for index in range(*question["read"])]
        arrays = {name: np.stack([sample[name].numpy() for sample in samples])
                  for name, value in samples[0].items() if isinstance(value, torch.Tensor)}  # fmt: skip
        np.savez(question["to"], **arrays)
        print(json.dumps({"tasks": sorted({sample["task"] for sample in samples})}), flush=True)


if __name__ == "__main__":
    main()
