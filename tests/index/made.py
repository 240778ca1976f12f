"""Hand-made episodes, whose distances are known, as the stores and the table that the index reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from expertgen.data.episodes import finish_store, shard_path, write_shard
from expertgen.geometry import quaternion_z
from expertgen.index.episode_table import START, TRAJECTORY, schema, write_episode_table


@dataclass(frozen=True)
class Motion:
    """An episode with one object: tool (T, 3), object (T, 3) and finger travel (T,) in m, the object's yaw in rad."""

    tool: np.ndarray
    object: np.ndarray
    finger: np.ndarray
    yaw: float = 0.3
    success: bool = True
    healthy: bool = True

    def shifted(self, by: np.ndarray) -> Motion:
        """The same motion elsewhere."""
        return replace(self, tool=self.tool + by, object=self.object + by)


def lift(x: float = 0.5, y: float = 0.0, steps: int = 16, height: float = 0.25) -> Motion:
    """A tool that comes down, closes, and rises with the object to `height` (m), which 0 leaves on the table."""
    share = np.linspace(0, 1, steps)
    tool_z = np.interp(share, [0, 0.4, 0.6, 1], [0.3, 0.02, 0.02, 0.27])
    object_z = np.interp(share, [0, 0.6, 1], [0.017, 0.017, 0.017 + height])
    place = np.tile([x, y], (steps, 1))
    finger = np.interp(share, [0, 0.4, 0.6, 1], [0.04, 0.04, 0.015, 0.015])
    return Motion(np.c_[place, tool_z], np.c_[place, object_z], finger, success=height > 0.2)


def write_store(directory: Path, motions: list[Motion], first_seed: int = 0) -> Path:
    """A store of one shard, as the stages demos and rollouts leave it."""
    lengths = [len(motion.tool) for motion in motions]
    observation = np.zeros((sum(lengths), 53), np.float32)
    observation[:, [3, 7, 11]] = np.concatenate([motion.tool for motion in motions])
    observation[:, 23:25] = np.concatenate([motion.finger for motion in motions])[:, None]
    observation[:, 25:28] = np.concatenate([motion.object for motion in motions])
    marks = np.array([motion.success and motion.healthy for motion in motions])
    steps = {
        "observation": observation, "action": np.zeros((sum(lengths), 10), np.float32),
        "joints": np.zeros((sum(lengths), 7), np.float32), "success": np.repeat(marks, lengths),
    }  # fmt: skip
    poses = [np.r_[motion.object[0], quaternion_z(np.array(motion.yaw))] for motion in motions]
    episodes = {
        "success_any": marks, "success_end": marks, "healthy": np.array([motion.healthy for motion in motions]),
        "seed": np.arange(first_seed, first_seed + len(motions), dtype=np.int64),
        "start_objects": np.array(poses, np.float32)[:, None],
    }  # fmt: skip
    write_shard(shard_path(directory, 0), steps, episodes, np.cumsum(lengths))
    finish_store(directory, 1, {})
    return directory


def rows(vectors: list[list[float] | None], **columns: list[Any]) -> list[dict[str, Any]]:
    """Rows of the table for episodes of these trajectory vectors, which are their starts too (a null one: zeros)."""
    plain = {
        "source": "demos", "task": "lift_banana", "policy": "script", "length": 4, "success_any": True,
        "success_end": True, "healthy": True, "perturbation": "none", "start_x": 0.5, "start_y": 0.0, "start_z": 0.0,
        "start_yaw": 0.0,
    }  # fmt: skip
    return [
        plain
        | {"id": f"demos/{i:06d}", "episode": i, "seed": i, TRAJECTORY: vector, START: vector or [0.0, 0.0]}
        | {name: values[i] for name, values in columns.items()}
        for i, vector in enumerate(vectors)
    ]


def table(vectors: list[list[float] | None], **columns: list[Any]) -> pa.Table:
    """`rows` of vectors of two numbers as the table that the database is built from."""
    return pa.Table.from_pylist(rows(vectors, **columns), schema=schema(1, 2, 2))


def write_table(path: Path, vectors: list[list[float] | None], **columns: list[Any]) -> None:
    """The same as episodes.parquet."""
    write_episode_table(path, rows(vectors, **columns), schema(1, 2, 2), {})
