"""One process that reads robomimic's HDF5 with SequenceDataset, in the environment that export_process.py makes.

Arguments: the file, then as JSON its low-dimensional observations, its images and the other datasets to read. It says
what robomimic made of the file, then answers questions, a JSON line each: {"demo": NAME, "to": PATH} writes the steps
of one demonstration, each asked for by itself, to a .npz file.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import robomimic
import robomimic.utils.obs_utils as obs_utils
from robomimic.utils.dataset import SequenceDataset


def flat(sample: dict[str, Any]) -> dict[str, np.ndarray]:
    """A sample's arrays by path, without the axis of the sequence; "|" is "/", which .npz takes for a folder."""
    folders = {name: value for name, value in sample.items() if isinstance(value, dict)}
    arrays = {name: value for name, value in sample.items() if isinstance(value, np.ndarray)}
    arrays |= {f"{folder}|{name}": value for folder, values in folders.items() for name, value in values.items()}
    return {name: value[0] for name, value in arrays.items()}


def main() -> None:
    path, (low_dim, images, others) = sys.argv[1], (json.loads(text) for text in sys.argv[2:])
    obs_utils.initialize_obs_utils_with_obs_specs({"obs": {"low_dim": low_dim, "rgb": images}})
    keys = (*low_dim, *images)
    parts = {mask: SequenceDataset(path, keys, others, filter_by_attribute=mask) for mask in ("train", "valid")}
    described = {
        "version": robomimic.__version__, "demos": {mask: dataset.demos for mask, dataset in parts.items()},
        "steps": sum(len(dataset) for dataset in parts.values()),
    }  # fmt: skip
    print(json.dumps(described), flush=True)
    firsts = {}
    for dataset in parts.values():
        firsts |= {name: (dataset, index) for name, index in dataset._demo_id_to_start_indices.items()}
    for line in sys.stdin:
        question = json.loads(line)
        dataset, first = firsts[question["demo"]]
        length = int(dataset._demo_id_to_demo_length[question["demo"]])
        samples = [flat(dataset[first + step]) for step in range(length)]
        np.savez(question["to"], **{name: np.stack([sample[name] for sample in samples]) for name in samples[0]})
        print(json.dumps({"steps": length}), flush=True)


if __name__ == "__main__":
    main()
