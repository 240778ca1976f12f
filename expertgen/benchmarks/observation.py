"""The state of Table X (ExpertGen paper) without its learned task embedding, which belongs to the networks."""

from __future__ import annotations

import numpy as np

from expertgen.benchmarks.base import Array
from expertgen.geometry import quaternion_to_rotation, rotation_to_6d, slide_distance

OBSERVATION_DIM = 53
EE_POSITION_COLUMNS = (3, 7, 11)
MAX_OBJECTS = 2
OBJECT_POSITIONS, OBJECT_ROTATIONS = 25, 31  # first columns
ARTICULATED_POSITION, ARTICULATED_ROTATION, ARTICULATED_JOINT = 43, 46, 52
PART = MAX_OBJECTS  # the part of an articulated object, among the frames of `Benchmark.frames`
_ROTATION = tuple(f"rotation_{column}_{axis}" for column in (0, 1) for axis in "xyz")
OBSERVATION_NAMES = (
    *(f"ee_pose_{row}{column}" for row in range(4) for column in range(4)),
    *(f"joint_{number}" for number in range(1, 8)),
    *(f"finger_{number}" for number in range(1, 3)),
    *(f"object_{number}_position_{axis}" for number in (1, 2) for axis in "xyz"),
    *(f"object_{number}_{name}" for number in (1, 2) for name in _ROTATION),
    *(f"articulated_position_{axis}" for axis in "xyz"),
    *(f"articulated_{name}" for name in _ROTATION),
    "articulated_joint",
)


def observe(
    position: Array, rotation: Array, joints: Array, fingers: Array, objects: Array, articulated: bool = False
) -> Array:
    """Tool pose (B, 3) m and (B, 3, 3), joints (B, 7) rad, finger openings (B, 2) m, objects (B, O, 7), all in
    the base frame → (B, 53): tool pose as a row-major 4 x 4 matrix, joints, object positions, object 6-D
    rotations, articulated object (position, 6-D rotation, joint in m: of the last two objects where `articulated`,
    see Benchmark). What a task lacks is zero."""
    batch = position.shape[0]
    out = np.zeros((batch, OBSERVATION_DIM))
    pose = np.zeros((batch, 4, 4))
    pose[:, :3, :3], pose[:, :3, 3], pose[:, 3, 3] = rotation, position, 1
    out[:, :16] = pose.reshape(batch, 16)
    out[:, 16:23], out[:, 23:25] = joints, fingers
    if articulated:
        base, part = objects[:, -2], objects[:, -1]
        objects = objects[:, :-2]
        out[:, ARTICULATED_POSITION:ARTICULATED_ROTATION] = base[:, :3]
        out[:, ARTICULATED_ROTATION:ARTICULATED_JOINT] = rotation_to_6d(quaternion_to_rotation(base[:, 3:]))
        out[:, ARTICULATED_JOINT] = slide_distance(base, part)
    count = min(objects.shape[1], MAX_OBJECTS)
    out[:, OBJECT_POSITIONS : OBJECT_POSITIONS + 3 * count] = objects[:, :count, :3].reshape(batch, -1)
    rotations = rotation_to_6d(quaternion_to_rotation(objects[:, :count, 3:]))
    out[:, OBJECT_ROTATIONS : OBJECT_ROTATIONS + 6 * count] = rotations.reshape(batch, -1)
    return out
