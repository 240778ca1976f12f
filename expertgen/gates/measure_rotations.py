"""Whether what is stored as a rotation is one."""

from __future__ import annotations

import numpy as np

from expertgen.gates.recording import Array, Recording, largest


def rotation_columns(episode: Recording) -> dict[str, float]:
    """The largest error of an episode's rotations, as the largest element of R^T R - 1 (0 for a rotation).

    tool_rotation_error also holds the tool's determinant to 1 and the last row of its 4 x 4 pose to 0 0 0 1.
    action_rotation_error is of the commands' two columns. object_rotation_error is of the two columns that the
    observation holds of each object, and of the unit length of recorded and of start quaternions.
    """
    tool = episode.tool[:, :3, :3]
    last_row = np.abs(episode.tool[:, 3] - [0, 0, 0, 1])
    with np.errstate(invalid="ignore"):
        determinant = np.abs(np.linalg.det(tool) - 1)
    quaternions = [episode.start_objects[..., 3:]]
    if episode.objects is not None:
        quaternions.append(episode.objects[..., 3:])
    lengths = [np.abs((quaternion**2).sum(-1) - 1).ravel() for quaternion in quaternions]
    objects = np.concatenate([_columns_error(episode.seen_objects[..., 3:]).ravel(), *lengths])
    return {
        "tool_rotation_error": largest(np.concatenate([_gram_error(tool), determinant, last_row.max(-1)])),
        "action_rotation_error": largest(_columns_error(episode.action[:, 3:9])),
        "object_rotation_error": largest(objects),
    }


def _columns_error(columns: Array) -> Array:
    """(..., 6) first two columns, one after the other → (...,)."""
    return _gram_error(np.swapaxes(columns.reshape(*columns.shape[:-1], 2, 3), -1, -2))


def _gram_error(matrix: Array) -> Array:
    """(..., 3, k) columns → (...,) the largest element of their Gram matrix less the identity."""
    gram = np.swapaxes(matrix, -1, -2) @ matrix
    return np.asarray(np.abs(gram - np.eye(gram.shape[-1])).max((-1, -2)))
