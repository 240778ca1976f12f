"""What the world was like at a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Snapshot:
    """At `time` s: joints (7,) rad, fingers (2,) m openings, objects (O, 7) and where they started (O, 7)."""

    time: float
    joints: Array
    fingers: Array
    objects: Array
    start: Array
