"""Episodes and starts as vectors whose Euclidean distance is a length in metres that a person can picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.geometry import quaternion_to_rotation

Array = NDArray[np.float64]
Vector = NDArray[np.float32]


def trajectory_embedding(tool: Array, finger: Array, objects: Array, moments: int) -> Vector:
    """Positions in m, base frame, of tool (T, 3) and objects (T, P, 3), and finger travel (T,) in m → one vector of
    size moments * (4 + 3 P).

    The episode is read, by linear interpolation, at `moments` equally spaced moments from its first to its last state,
    whatever its length; of each moment the vector holds tool, finger travel and the objects, all divided by
    sqrt(moments * (1 + P)).

    So the distance of two vectors is the root mean square, over moments and over tool and objects, of how far apart
    they are: an episode shifted by 3 cm lies 3 cm away. The tool counts as its fingertips, each of which lies a finger
    travel from its middle: a gripper that opens wider by 2 cm moved each by 1 cm.
    """
    length, count = objects.shape[:2]
    tracks = np.concatenate([tool, finger[:, None], objects.reshape(length, 3 * count)], axis=-1)
    when = np.linspace(0, length - 1, moments)
    sampled = np.stack([np.interp(when, np.arange(length), track) for track in tracks.T], axis=-1)
    return (sampled / np.sqrt(moments * (1 + count))).ravel().astype(np.float32)


def start_embedding(objects: Array, lever: float) -> Vector:
    """Poses (O, 7) of objects, position in m and wxyz quaternion, base frame → one vector of size 5 O: positions, and
    each yaw as a point on a circle of radius `lever` (m), all divided by sqrt(O).

    So the distance of two starts is the root mean square, over objects, of how far apart their points are that lie
    `lever` from their centres: sqrt(|shift|^2 + (2 lever sin(turn / 2))^2).
    """
    yaw = object_yaw(objects)
    circle = lever * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    vector = np.concatenate([objects[:, :3], circle], axis=-1) / np.sqrt(len(objects))
    return vector.ravel().astype(np.float32)


def object_yaw(objects: Array) -> Array:
    """(O, 7) poses → (O,) the heading of each object's x axis, rad, -pi to pi."""
    rotation = quaternion_to_rotation(objects[:, 3:])
    return np.asarray(np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0]))
