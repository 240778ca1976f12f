"""What the tables of a release say of one episode."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.data.json_text import compact_json
from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo
from expertgen.data.lerobot.layout import ACTION, JOINTS, STATE, SUCCESS


def step_columns(episode: ReleaseEpisode, number: int, start: int, fps: int) -> dict[str, NDArray[Any]]:
    """Its rows of data/*.parquet, by column: (T,) or (T, D) each. `start` frames come before it."""
    frames = np.arange(len(episode), dtype=np.int64)
    return {
        STATE: episode.observation, JOINTS: episode.joints, ACTION: episode.action, SUCCESS: episode.success,
        **index_columns(frames, number, start, fps),
    }  # fmt: skip


def index_columns(frames: NDArray[np.int64], number: int, start: int, fps: int) -> dict[str, NDArray[Any]]:
    """The columns that follow from where a row is: those of the `frames` (T,) of episode `number`."""
    return {
        "timestamp": (frames / fps).astype(np.float32),
        "frame_index": frames,
        "episode_index": np.full_like(frames, number),
        "index": start + frames,
        "task_index": np.zeros_like(frames),
    }


def episode_row(episode: ReleaseEpisode, number: int, start: int, info: ReleaseInfo) -> dict[str, Any]:
    """Its row of meta/episodes, without what depends on where its data, images and row are put."""
    return {
        "episode_index": number,
        "tasks": [info.instruction],
        "length": len(episode),
        "dataset_from_index": start,
        "dataset_to_index": start + len(episode),
        "seed": int(episode.seed),
        "success": bool(episode.success.any()),
        "success_end": bool(episode.success[-1]),
        "source": compact_json(episode.source),
        **{f"lineage/{name}": checksum for name, checksum in info.checksums().items()},
    }
