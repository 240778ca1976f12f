"""Vectors by the parts that their components' names tell: position, rotation, joints, gripper, objects."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

# The tool's pose in a state is a 4 x 4 matrix, row by row (benchmarks.observation).
_POSE = tuple(f"ee_pose_{row}{column}" for row in range(4) for column in range(4))
_NUMBER_OR_AXIS = re.compile(r"(_\d+)?(_[xyz])?$")
_CALLED = {
    "ee_position": "end_effector_position", "ee_rotation": "end_effector_rotation", "joint": "joints",
    "finger": "gripper",
}  # fmt: skip
POSITION, ROTATION = "end_effector_position", "end_effector_rotation"


def slices(names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Part → its first component and the one after its last, in the order of `names`.

    A pose falls into the rows of its rotation matrix and the axes of its position, which do not lie side by side; its
    last row (0, 0, 0, 1) is no part.
    """
    found: dict[str, tuple[int, int]] = {}
    for part, group in groupby(range(len(names)), key=lambda index: _part(names, index)):
        indices = list(group)
        if part is not None:
            found[part if part not in found else f"{part}_{indices[0]}"] = indices[0], indices[-1] + 1
    return found


def columns(names: Sequence[str]) -> dict[str, list[int]]:
    """Part → its components, which need not lie side by side: a pose becomes a position (3) and the first two columns
    of its rotation matrix (6), as actions have them."""
    found: dict[str, list[int]] = {}
    start = _pose_start(names)
    if start is not None:
        found[POSITION] = [start + 4 * row + 3 for row in range(3)]
        found[ROTATION] = [start + 4 * row + column for column in range(2) for row in range(3)]
    for part, (first, end) in slices(names).items():
        if start is None or not start <= first < start + 16:
            found[part] = list(range(first, end))
    return found


def _part(names: Sequence[str], index: int) -> str | None:
    start = _pose_start(names)
    if start is not None and start <= index < start + 16:
        row, column = divmod(index - start, 4)
        if row == 3:
            return None
        return f"{POSITION}_{'xyz'[row]}" if column == 3 else f"{ROTATION}_row_{row + 1}"
    stem = _NUMBER_OR_AXIS.sub("", names[index])
    return _CALLED.get(stem, stem)


def _pose_start(names: Sequence[str]) -> int | None:
    if _POSE[0] not in names:
        return None
    start = list(names).index(_POSE[0])
    return start if tuple(names[start : start + 16]) == _POSE else None
