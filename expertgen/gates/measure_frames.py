"""Whether an episode's images show anything, and keep moving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.gates.recording import Array, Recording


def frame_columns(episode: Recording) -> dict[str, float]:
    """For each camera NAME: brightness_NAME, the mean of the darkest frame, and contrast_NAME, the least standard
    deviation of a frame's values, both of 0 to 255; frozen_NAME_rad, how far the arm moved while the image stayed the
    same to the last bit, summed over consecutive frames of the fastest joint at each."""
    columns: dict[str, float] = {}
    for name, frames in episode.frames.items():
        columns |= {
            f"brightness_{name}": float(min(frame.mean() for frame in frames)),
            f"contrast_{name}": float(min(frame.std() for frame in frames)),
            f"frozen_{name}_rad": frozen_travel(frames, episode.seen_joints),
        }
    return columns


def frozen_travel(frames: NDArray[np.uint8], joints: Array) -> float:
    """The largest movement in rad over a run of equal frames (T, H, W, 3), the arm's joints (T, 7) beside them."""
    same = (frames[1:] == frames[:-1]).all((1, 2, 3))
    travel = np.nan_to_num(np.abs(np.diff(joints, axis=0)).max(-1))
    longest = run = 0.0
    for still, moved in zip(same, travel, strict=True):
        run = run + float(moved) if still else 0.0
        longest = max(longest, run)
    return longest
