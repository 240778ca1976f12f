"""The table of an episode store: one row per episode."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from expertgen.gates.measure_frames import frame_columns
from expertgen.gates.measure_motion import ArmLimits, motion_columns
from expertgen.gates.measure_rotations import rotation_columns
from expertgen.gates.measure_success import Success, success_columns
from expertgen.gates.recording import Recording

SOUND, FAILED = "sound", "failed"  # simulation
AS_EXPECTED = "as expected"  # arrays
NO_USE = "none"  # seed_use
IDS = ["episode", "seed"]


def episode_table(
    episodes: Iterable[Recording], success: Success, limits: ArmLimits, control_hz: float, uses: Mapping[str, range]
) -> pd.DataFrame:
    """Everything that gates expect of episodes, which are numbered from 0 in their order.

    `uses` names the seeds that this run keeps for something: seed_use is the first that holds the episode's seed, or
    NO_USE. nonfinite counts stored values that are not finite. digest is equal for equal observations, actions and
    joints. The other columns are those of motion_columns, rotation_columns, success_columns and frame_columns.
    """
    rows = [
        {
            "episode": index,
            "seed": episode.seed,
            "arrays": AS_EXPECTED,
            "length": episode.length,
            "simulation": SOUND if episode.healthy else FAILED,
            "failed_simulation": int(not episode.healthy),
            "success_end": int(episode.success_end),
            "seed_use": next((name for name, seeds in uses.items() if episode.seed in seeds), NO_USE),
            "nonfinite": _nonfinite(episode),
            "digest": _digest(episode),
            "cameras": len(episode.frames),
            **motion_columns(episode, limits, control_hz),
            **rotation_columns(episode),
            **success_columns(episode, success),
            **frame_columns(episode),
        }
        for index, episode in enumerate(episodes)
    ]
    return pd.DataFrame(rows)


def unreadable_table(count: int, seeds: np.ndarray | None, problem: str) -> pd.DataFrame:
    """The table of `count` episodes whose arrays are not those that gates know how to read, and so measure nothing."""
    numbers = np.arange(count)
    return pd.DataFrame({"episode": numbers, "seed": -1 if seeds is None else seeds, "arrays": problem})


def _nonfinite(episode: Recording) -> int:
    """Images are integers, and cannot be otherwise."""
    return sum(int((~np.isfinite(array)).sum()) for array in episode.stored.values() if array.dtype.kind == "f")


def _digest(episode: Recording) -> str:
    sha = hashlib.sha256()
    for name in ("observation", "action", "joints"):
        sha.update(np.ascontiguousarray(episode.stored[name]).tobytes())
    return sha.hexdigest()[:16]
