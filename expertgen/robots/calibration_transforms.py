"""Poses as 4 x 4 matrices: `a_T_b` takes points of frame b to frame a."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.geometry import rotation_log

Array = NDArray[np.float64]


def pose(rotation: Array, position: Array) -> Array:
    """(..., 3, 3) and (..., 3) m → (..., 4, 4)."""
    rotation, position = np.asarray(rotation, dtype=np.float64), np.asarray(position, dtype=np.float64)
    whole = np.zeros((*rotation.shape[:-2], 4, 4))
    whole[..., :3, :3], whole[..., :3, 3], whole[..., 3, 3] = rotation, position, 1
    return whole


def inverse(transform: Array) -> Array:
    """(..., 4, 4) → (..., 4, 4)."""
    turned = np.swapaxes(transform[..., :3, :3], -1, -2)
    return pose(turned, -(turned @ transform[..., :3, 3:])[..., 0])


def turned(vector: Array) -> Array:
    """(..., 3) rotation vectors in rad → (..., 3, 3) rotations."""
    vector = np.asarray(vector, dtype=np.float64)
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    cross = np.zeros((*vector.shape, 3))
    cross[..., [2, 0, 1], [1, 2, 0]], cross[..., [1, 2, 0], [2, 0, 1]] = vector, -vector
    # Rodrigues' formula, in sin(a) / a and (1 - cos(a)) / a^2, which hold for no turn too.
    return np.asarray(np.eye(3) + np.sinc(angle / np.pi) * cross + np.sinc(angle / 2 / np.pi) ** 2 / 2 * cross @ cross)


def moved(transform: Array, step: Array) -> Array:
    """`transform` (4, 4), turned by `step`[:3] rad and moved by `step`[3:] m in its outer frame."""
    return pose(turned(step[:3]) @ transform[:3, :3], transform[:3, 3] + step[3:])


def mean_pose(transforms: Array) -> Array:
    """(N, 4, 4) → the (4, 4) with the mean position and the rotation nearest to the mean of the matrices."""
    u, _, v = np.linalg.svd(transforms[:, :3, :3].mean(0))
    handed = np.diag([1.0, 1.0, np.linalg.det(u @ v)])
    return pose(u @ handed @ v, transforms[:, :3, 3].mean(0))


def angle(one: Array, other: Array) -> Array:
    """(..., 4, 4) twice → (...,) deg between their rotations."""
    between = np.swapaxes(one[..., :3, :3], -1, -2) @ other[..., :3, :3]
    return np.asarray(np.rad2deg(np.linalg.norm(rotation_log(between), axis=-1)))


def is_pose(transform: Array, tolerance: float = 1e-6) -> bool:
    """Whether (4, 4) holds a rotation, a finite position and the last row of a pose."""
    rotation = transform[:3, :3]
    return bool(
        np.isfinite(transform).all()
        and np.abs(rotation.T @ rotation - np.eye(3)).max() < tolerance
        and np.linalg.det(rotation) > 0
        and np.array_equal(transform[3], [0, 0, 0, 1])
    )
