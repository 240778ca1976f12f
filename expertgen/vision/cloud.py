"""Depth images of several calibrated cameras to one point cloud in the base frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from expertgen.params import CloudParams
from expertgen.vision.pinhole import Pinhole

Array = NDArray[np.float64]
# MuJoCo's cameras look along -z with y up; a Pinhole's along z with y down.
_FLIP = np.array([1.0, -1.0, -1.0])


def camera_points(
    depth: NDArray[np.float32], camera: Pinhole, place: Array, rotation: Array, params: CloudParams
) -> NDArray[np.float32]:
    """Points (n, 3) m in the base frame of the pixels (H, W) m that tell a depth above zero, of those inside the crop;
    the camera stands at `place` (3,) m, turned by `rotation` (3, 3), in MuJoCo's convention."""
    x, y = camera.steps
    matrix = (rotation * _FLIP).astype(np.float32)
    # Height alone first: most of what is seen is table, floor and walls.
    across, down = matrix[2, 0] * x, matrix[2, 1] * y + matrix[2, 2]
    along = (across.astype(np.float32) + down[:, None].astype(np.float32)) * depth
    low, high = params.low[2] - place[2], params.high[2] - place[2]
    v, u = np.nonzero((depth > 0) & (along >= low) & (along <= high))
    far = depth[v, u]
    local = np.stack([x[u] * far, y[v] * far, far], axis=-1).astype(np.float32)
    points = local @ matrix.T + place.astype(np.float32)
    return points[((points >= params.low) & (points <= params.high)).all(-1)]


def merged_cloud(
    clouds: Sequence[NDArray[np.float32]], params: CloudParams, draw: np.random.Generator
) -> NDArray[np.float32]:
    """(points, 3) m: of all `clouds` (n, 3), each inside the crop, one point of each voxel, as many at random as asked
    for; some of them twice where there are fewer, zeros where there is none."""
    low, high = np.array(params.low), np.array(params.high)
    points = np.concatenate([*clouds, np.zeros((0, 3), dtype=np.float32)])
    if len(points) == 0:
        return np.zeros((params.points, 3), dtype=np.float32)
    points = points[draw.permutation(len(points))]
    cells = ((points - low) / params.voxel).astype(np.int64)
    shape = np.ceil((high - low) / params.voxel).astype(np.int64) + 1
    _, first = np.unique(np.ravel_multi_index(tuple(cells.T), tuple(shape)), return_index=True)
    kept = points[np.sort(first)]  # in the permuted order
    rows = np.arange(params.points) % len(kept)
    return kept[rows].astype(np.float32)
