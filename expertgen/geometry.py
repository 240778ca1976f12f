"""Rotations and poses in batches, as NumPy arrays.

Conventions: quaternions are wxyz, rotations act on column vectors, the 6-D rotation of Zhou et al. 2019
("On the Continuity of Rotation Representations") is the first two columns of the matrix, one after the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rotation_to_6d(rotation: Array) -> Array:
    """(..., 3, 3) rotation matrices → (..., 6): first column, then second column."""
    return np.concatenate([rotation[..., :, 0], rotation[..., :, 1]], axis=-1)


def rotation_from_6d(columns: Array, eps: float = 1e-8) -> Array:
    """(..., 6) → the (..., 3, 3) rotation by Gram-Schmidt; the first column keeps its direction.

    Degenerate input (a zero or parallel pair) still gives a proper rotation: a fixed axis stands in
    for the missing direction, since a learned policy may emit anything.
    """
    x = _unit(columns[..., :3], np.array([1.0, 0.0, 0.0]), eps)
    y = columns[..., 3:6] - (x * columns[..., 3:6]).sum(-1, keepdims=True) * x
    # The coordinate axis least aligned with x, made orthogonal to it, is never degenerate.
    axis = np.eye(3)[np.abs(x).argmin(-1)]
    y = _unit(y, axis - (x * axis).sum(-1, keepdims=True) * x, eps)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _unit(vector: Array, fallback: Array, eps: float) -> Array:
    norm = np.linalg.norm(vector, axis=-1, keepdims=True)
    fallback = fallback / np.linalg.norm(fallback, axis=-1, keepdims=True)
    return np.where(norm > eps, vector / np.maximum(norm, eps), fallback)


def quaternion_to_rotation(quaternion: Array) -> Array:
    """(..., 4) wxyz quaternions, of any non-zero length → (..., 3, 3) rotations."""
    w, x, y, z = np.moveaxis(quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def rotation_to_quaternion(rotation: Array) -> Array:
    """(..., 3, 3) rotations → (..., 4) wxyz quaternions, w not negative.

    By the largest of the four components, so that nothing small is divided by.
    """
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


def rotation_z(angle: Array) -> Array:
    """(...,) angles in rad → (..., 3, 3) rotations about z."""
    c, s, zero, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.stack([c, -s, zero, s, c, zero, zero, zero, one], axis=-1).reshape(*np.shape(angle), 3, 3)


def quaternion_z(angle: Array) -> Array:
    """(...,) angles in rad → (..., 4) wxyz quaternions of rotations about z."""
    zero = np.zeros_like(angle)
    return np.stack([np.cos(angle / 2), zero, zero, np.sin(angle / 2)], axis=-1)


def rotation_log(rotation: Array) -> Array:
    """(..., 3, 3) rotations → (..., 3) rotation vectors in rad, of length at most pi.

    Near a half turn, where the antisymmetric part vanishes, the axis is read from the symmetric part.
    """
    anti = np.stack(
        [
            rotation[..., 2, 1] - rotation[..., 1, 2],
            rotation[..., 0, 2] - rotation[..., 2, 0],
            rotation[..., 1, 0] - rotation[..., 0, 1],
        ],
        axis=-1,
    )
    trace = np.trace(rotation, axis1=-2, axis2=-1)
    sine, cosine = np.linalg.norm(anti, axis=-1) / 2, (trace - 1) / 2
    angle = np.arctan2(sine, cosine)
    regular = anti * np.where(sine > 1e-9, angle / np.maximum(2 * sine, 1e-12), 0.5)[..., None]
    half_turn = (sine < 1e-4) & (cosine < 0)
    if not half_turn.any():
        return regular
    outer = (rotation + np.swapaxes(rotation, -1, -2)) / 2 - cosine[..., None, None] * np.eye(3)
    column = np.take_along_axis(outer, np.abs(outer).sum(-2).argmax(-1)[..., None, None], axis=-1)[..., 0]
    axis = _unit(column, np.array([1.0, 0.0, 0.0]), 1e-9)
    sign = np.where((axis * anti).sum(-1, keepdims=True) < 0, -1.0, 1.0)
    return np.where(half_turn[..., None], axis * sign * angle[..., None], regular)


def wrap_half_turn(angle: Array) -> Array:
    """Angles in rad → the equivalent angle in [-pi/2, pi/2) of something symmetric under a half turn."""
    return np.mod(angle + np.pi / 2, np.pi) - np.pi / 2


def slide_pose(base: Array, distance: Array) -> Array:
    """Pose (..., 7) of a part that slid by `distance` (...,) m along the x axis of its `base` (..., 7)."""
    position = base[..., :3] + np.asarray(distance)[..., None] * quaternion_to_rotation(base[..., 3:])[..., :, 0]
    return np.concatenate([position, np.broadcast_to(base[..., 3:], (*position.shape[:-1], 4))], axis=-1)


def slide_distance(base: Array, part: Array) -> Array:
    """How far (...,) m a `part` (..., 7) has slid along the x axis of its `base` (..., 7): `slide_pose` reversed."""
    return ((part[..., :3] - base[..., :3]) * quaternion_to_rotation(base[..., 3:])[..., :, 0]).sum(-1)
