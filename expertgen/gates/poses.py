"""Poses as quaternions, from the two columns of a rotation that observations hold."""

from __future__ import annotations

import numpy as np

from expertgen.gates.recording import Array
from expertgen.geometry import rotation_from_6d


def poses(seen: Array) -> Array:
    """(..., 9) positions and 6-D rotations → (..., 7) positions and wxyz quaternions, w not negative."""
    return np.concatenate([seen[..., :3], _quaternion(rotation_from_6d(seen[..., 3:]))], axis=-1)


def _quaternion(rotation: Array) -> Array:
    """(..., 3, 3) → (..., 4) by the largest of the four components, so that nothing small is divided by."""
    m = rotation
    x, y, z = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    # Row i is 4 q_i q: the outer product of the quaternion with itself.
    outer = np.stack(
        [
            np.stack([1 + x + y + z, m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0],
                      m[..., 1, 0] - m[..., 0, 1]], -1),
            np.stack([m[..., 2, 1] - m[..., 1, 2], 1 + x - y - z, m[..., 1, 0] + m[..., 0, 1],
                      m[..., 0, 2] + m[..., 2, 0]], -1),
            np.stack([m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] + m[..., 0, 1], 1 - x + y - z,
                      m[..., 2, 1] + m[..., 1, 2]], -1),
            np.stack([m[..., 1, 0] - m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2],
                      1 - x - y + z], -1),
        ],
        axis=-2,
    )
    best = np.einsum("...ii->...i", outer).argmax(-1)
    row = np.take_along_axis(outer, best[..., None, None], axis=-2)[..., 0, :]
    row = row / np.linalg.norm(row, axis=-1, keepdims=True)
    return np.asarray(row * np.where(row[..., :1] < 0, -1.0, 1.0))
