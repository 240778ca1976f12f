"""Poses as quaternions, from the two columns of a rotation that observations hold."""

from __future__ import annotations

import numpy as np

from expertgen.gates.recording import Array
from expertgen.geometry import rotation_from_6d, rotation_to_quaternion


def poses(seen: Array) -> Array:
    """(..., 9) positions and 6-D rotations → (..., 7) positions and wxyz quaternions, w not negative."""
    return np.concatenate([seen[..., :3], rotation_to_quaternion(rotation_from_6d(seen[..., 3:]))], axis=-1)
