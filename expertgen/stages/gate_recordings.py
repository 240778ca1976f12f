"""The episodes of a store one after the other, as gates measure them, with images of a few at a time in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from expertgen.benchmarks import Benchmark
from expertgen.benchmarks.observation import (
    ARTICULATED_JOINT,
    ARTICULATED_POSITION,
    MAX_OBJECTS,
    OBJECT_POSITIONS,
    OBJECT_ROTATIONS,
    OBSERVATION_DIM,
)
from expertgen.data.manifest import read_manifest
from expertgen.data.shard import shard_path
from expertgen.data.shard_reader import ShardReader
from expertgen.env import ACTION_DIM
from expertgen.gates.recording import Recording

Arrays = dict[str, np.ndarray]
TOOL, JOINTS = slice(0, 16), slice(16, 23)  # of an observation, see benchmarks.observation
_BLOCK = 8  # episodes whose images are read at once
_PER_STEP = {
    "observation": f"float32 ({OBSERVATION_DIM},)", "action": f"float32 ({ACTION_DIM},)", "joints": "float32 (7,)",
    "success": "bool ()",
}
_PER_EPISODE = {"success_any": "bool ()", "success_end": "bool ()", "healthy": "bool ()", "seed": "int64 ()"}
_IMAGE = re.compile(r"uint8 \(\d+, \d+, 3\)")


def unlike(directory: Path, num_objects: int, cameras: list[str], objects: bool) -> str:
    """The first array of the store in `directory` that is missing or of another type or shape than gates read, in
    words; empty if there is none. All shards of a store are alike. Raises CorruptArtifact."""
    layout = ShardReader.open(shard_path(directory, 0)).layout
    poses = f"float32 ({num_objects}, 7)"
    steps = _PER_STEP | ({"objects": poses} if objects else {})
    episodes = _PER_EPISODE | {"start_objects": poses}
    expected = {f"data/{name}": kind for name, kind in steps.items()}
    expected |= {f"episodes/{name}": kind for name, kind in episodes.items()}
    for name, kind in expected.items():
        if layout.get(name) != kind:
            return f"{name}: {layout.get(name, 'nothing')} instead of {kind}"
    for camera in cameras:
        if not _IMAGE.fullmatch(layout[f"data/image_{camera}"]):
            return f"data/image_{camera}: {layout[f'data/image_{camera}']} instead of uint8 (height, width, 3)"
    return ""


def num_seen(benchmark: Benchmark) -> int:
    """How many objects of a task an observation holds, the base and the part of an articulated one last."""
    return min(benchmark.num_free, MAX_OBJECTS) + (2 if benchmark.articulated else 0)


def recordings(directory: Path, benchmark: Benchmark, cameras: list[str], objects: bool) -> Iterator[Recording]:
    """The episodes of a store that is not `unlike`, in order. Raises CorruptArtifact."""
    steps = [*_PER_STEP, *(["objects"] if objects else [])]
    for index in range(read_manifest(directory, verify=False)["shards"]):
        shard = ShardReader.open(shard_path(directory, index))
        stored = {name: shard.read_steps(name) for name in steps}
        marks = {name: shard.read_episodes(name) for name in (*_PER_EPISODE, "start_objects")}
        images: Arrays = {}
        ends = [0, *shard.episode_ends.tolist()]
        for number, (start, stop) in enumerate(pairwise(ends)):
            if number % _BLOCK == 0:
                first, last = start, ends[min(number + _BLOCK, len(ends) - 1)]
                images = {name: shard.read_steps(f"image_{name}", first, last) for name in cameras}
            yield _recording(
                {name: array[start:stop] for name, array in stored.items()},
                {name: array[number] for name, array in marks.items()},
                {name: array[start - first : stop - first] for name, array in images.items()},
                benchmark,
            )


def _recording(steps: Arrays, marks: Arrays, frames: Arrays, benchmark: Benchmark) -> Recording:
    observation = steps["observation"].astype(np.float64)
    length = len(observation)
    return Recording(
        seed=int(marks["seed"]), healthy=bool(marks["healthy"]),
        tool=observation[:, TOOL].reshape(length, 4, 4), seen_joints=observation[:, JOINTS],
        seen_objects=_seen(observation, benchmark),
        action=steps["action"].astype(np.float64), joints=steps["joints"].astype(np.float64),
        success=steps["success"],
        objects=steps["objects"].astype(np.float64) if "objects" in steps else None,
        start_objects=marks["start_objects"].astype(np.float64),
        success_any=bool(marks["success_any"]), success_end=bool(marks["success_end"]), frames=frames,
        stored={**steps, "start_objects": marks["start_objects"]},
    )


def _seen(observation: np.ndarray, benchmark: Benchmark) -> np.ndarray:
    """(T, 53) observations → (T, P, 9) position and 6-D rotation of each object; the part of an articulated one is
    where its joint says."""
    length, free = len(observation), min(benchmark.num_free, MAX_OBJECTS)
    positions = observation[:, OBJECT_POSITIONS : OBJECT_POSITIONS + 3 * free].reshape(length, free, 3)
    rotations = observation[:, OBJECT_ROTATIONS : OBJECT_ROTATIONS + 6 * free].reshape(length, free, 6)
    seen = np.concatenate([positions, rotations], axis=-1)
    if not benchmark.articulated:
        return seen
    base = observation[:, None, ARTICULATED_POSITION:ARTICULATED_JOINT]
    part = base.copy()
    part[..., :3] += observation[:, None, ARTICULATED_JOINT:] * base[..., 3:6]  # along the base's x axis
    return np.concatenate([seen, base, part], axis=1)
