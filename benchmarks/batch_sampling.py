"""Training batches a second from an episode store, against LeRobotDataset on the release of the same episodes.

    python benchmarks/batch_sampling.py [--task lift_banana] [--repeats 6] [--seconds 4] [--json PATH]

Needs data/TASK/rollouts and data/TASK/release. Makes an environment of its own for LeRobot (lerobot_process.py; a
registry is needed the first time). A sample is what behaviour cloning of params.yaml takes: the state at a step and
the actions of the next `prior.horizon` steps, held at the end of the episode; batches of `prior.batch_size` in random
order. Ours are drawn as learn/behaviour_cloning.py draws them, from a ChunkDataset of the store, on
`prior.num_threads`. LeRobot's come from its own dataset by delta_timestamps, through torch's DataLoader, in this
process and in two workers; the ratio is over the faster of the two.

Twice: over the release as it is, where LeRobot decodes an image of each camera for every sample and ours reads none
(its batches are of 16 there, which take seconds already); and over a copy without its videos, which compares like with
like. Not counted on either side is what comes before the
first batch (`prepared_s`: here every byte is compared with its checksum, and all windows are cut and normalised), and
LeRobot's batches are not yet normalised. The two take turns, and each turn gives one ratio; the file holds median and
quartiles. First of all, samples of both are compared bit for bit, at the ends of episodes and at random.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lerobot_process import REQUIREMENTS, LeRobot, lerobot_python

from expertgen.data.atomic import atomic_write_json
from expertgen.learn.chunk_dataset import ChunkDataset
from expertgen.params import PriorParams, load_params
from expertgen.policies.diffusion import END_EFFECTOR_COLUMNS
from expertgen.stages.prior_data import load_demonstrations
from expertgen.stages.threads import torch_threads

ROOT = Path(__file__).resolve().parents[1]
WORKERS = (0, 2)
VIDEO_BATCH = 16


class Ours:
    """Batches of a store's successful episodes."""

    def __init__(self, store: Path, params: PriorParams) -> None:
        begun = time.perf_counter()
        loaded = load_demonstrations(store, "successes")  # what a release holds by default
        self.data = ChunkDataset.build(
            loaded.observations, loaded.actions, loaded.episode_ends, params.horizon, params.relative_position
        )
        self.prepared = time.perf_counter() - begun
        self.ends, self.params, self.generator = loaded.episode_ends, params, torch.Generator().manual_seed(0)

    def rate(self, seconds: float) -> float:
        """Samples a second."""
        size, samples, begun = self.params.batch_size, 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            rows = torch.randint(len(self.data.chunks), (size,), generator=self.generator)
            batch = self.data.observations[rows], self.data.chunks[rows]
            samples += len(batch[0])
        return samples / (time.perf_counter() - begun)

    def require_same(self, theirs: LeRobot, folder: Path, episodes: int) -> int:
        """Compare samples of the first `episodes` bit for bit; how many there were. Raises AssertionError."""
        ends = self.ends[:episodes]
        rows = np.concatenate([ends - 1, ends - self.params.horizon // 2, np.r_[0, ends[:-1]],
                               np.random.default_rng(0).integers(ends[-1], size=episodes)])  # fmt: skip
        theirs.ask(read=rows.tolist(), to=str(folder / "samples.npz"))
        with np.load(folder / "samples.npz") as samples:
            state, chunks = (torch.from_numpy(samples[name]) for name in ("observation.state", "action"))
        if self.params.relative_position:
            chunks[..., :3] -= state[:, None, END_EFFECTOR_COLUMNS]
        data = self.data
        assert torch.equal(data.observation_normaliser.normalise(state), data.observations[rows]), "states differ"
        assert torch.equal(data.action_normaliser.normalise(chunks), data.chunks[rows]), "action chunks differ"
        return len(rows)


def without_videos(release: Path, target: Path) -> Path:
    """A copy whose meta/info.json knows no videos, so that LeRobot decodes none."""
    for name in ("data", "meta"):
        shutil.copytree(release / name, target / name)
    for name, section in (("info.json", "features"), ("stats.json", None)):
        path = target / "meta" / name
        value = json.loads(path.read_text())
        table = value[section] if section else value
        for key in [key for key in table if key.startswith("observation.images.")]:
            del table[key]
        path.write_text(json.dumps(value))
    return target


def measure(name: str, ours: Ours, theirs: LeRobot, seconds: float, repeats: int) -> dict[str, Any]:
    """Turns against one dataset of LeRobot."""
    size = VIDEO_BATCH if name == "with_videos" else ours.params.batch_size
    turns: dict[str, list[float]] = {"ours": [], **{f"lerobot_{count}": [] for count in WORKERS}}
    for turn in range(repeats + 1):  # one to warm up
        found = {"ours": ours.rate(seconds)}
        for count in WORKERS:
            answer = theirs.ask(batch=size, workers=count, seconds=seconds if turn else 0.5)
            found[f"lerobot_{count}"] = answer["samples"] / answer["seconds"]
        if turn:
            for key, value in found.items():
                turns[key].append(value)
    best = max(WORKERS, key=lambda count: np.median(turns[f"lerobot_{count}"]))
    low, middle, high = np.percentile(np.divide(turns["ours"], turns[f"lerobot_{best}"]), [25, 50, 75])
    rates = {key: round(float(np.median(values))) for key, values in turns.items()}
    print(f"{name:15} {rates} samples/s; over LeRobot with {best} workers {middle:.0f} [{low:.0f}, {high:.0f}]")
    return {
        "dataset": name, "ratio": round(float(middle), 1),
        "ratio_quartiles": [round(float(low), 1), round(float(high), 1)], "lerobot_workers": best,
        "lerobot_batch": size, "samples_per_s": rates,
        "prepared_s": {"ours": round(ours.prepared, 2), "lerobot": round(theirs.described["opened_s"], 2)},
        "lerobot_decodes_with": theirs.described["backend"] if name == "with_videos" else None,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="lift_banana")
    parser.add_argument("--repeats", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--json", type=Path, default=ROOT / "reports/benchmarks/batch_sampling.json")
    arguments = parser.parse_args()
    params, python, data = load_params(ROOT / "params.yaml").prior, lerobot_python(), ROOT / "data" / arguments.task
    ours, rows, compared = Ours(data / "rollouts", params), [], 0
    with tempfile.TemporaryDirectory() as temporary, torch_threads(params.num_threads):
        folder = Path(temporary)
        plain = without_videos(data / "release", folder / "plain")
        datasets = {"without_videos": plain, "with_videos": data / "release"}
        for name, root in datasets.items():
            theirs = LeRobot(python, root, params.horizon)
            compared += ours.require_same(theirs, folder, 4 if name == "with_videos" else len(ours.ends))
            rows.append(measure(name, ours, theirs, arguments.seconds, arguments.repeats))
            theirs.close()
    pins = [line for line in REQUIREMENTS.read_text().split() if line.startswith(("lerobot==", "torch=="))]
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_json(arguments.json, {
        "task": arguments.task, "cores": os.cpu_count(), "episodes": len(ours.ends), "samples": int(ours.ends[-1]),
        "batch_size": params.batch_size, "horizon": params.horizon, "turns": arguments.repeats,
        "samples_compared": compared, "lerobot": sorted(pins), "datasets": rows,
    })  # fmt: skip


if __name__ == "__main__":
    main()
