"""One recorded episode, as gates measure it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Recording:
    """An episode of T control steps with O objects; rad, m, wxyz quaternions, base frame.

    seed names its start; healthy: simulated to its end. Before each action: tool (T, 4, 4) pose, seen_joints (T, 7),
    seen_objects (T, P, 9) position and 6-D rotation of the P objects that the observation holds, frames (T, H, W, 3)
    uint8 by camera. action (T, 10). After each action: joints (T, 7), success (T,); objects (T, O, 7) where they were
    recorded, else None. start_objects (O, 7). success_any, success_end: the episode's own flags. stored: the arrays
    as they lie in the store.
    """

    seed: int
    healthy: bool
    tool: Array
    seen_joints: Array
    seen_objects: Array
    action: Array
    joints: Array
    success: NDArray[np.bool_]
    objects: Array | None
    start_objects: Array
    success_any: bool
    success_end: bool
    frames: Mapping[str, NDArray[np.uint8]]
    stored: Mapping[str, NDArray[np.generic]]

    @property
    def length(self) -> int:
        """Control steps."""
        return len(self.action)


def largest(values: NDArray[np.floating]) -> float:
    """The largest finite value; NaN, which a gate takes for "not measured", where there is none.

    What is not finite is counted by an expectation of its own, and should not break all the others too.
    """
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else float("nan")
