"""What a script may ask about the scene. Answers are tensors, as the paper's programs expect them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from expertgen.errors import UnknownName
from expertgen.geometry import quaternion_to_rotation
from expertgen.scenes.cabinet import DRAWER_CENTRE, HANDLE, TRAVEL
from expertgen.skills.planner import Planner

# Parts of an articulated object: where their middle is in the part's frame, m.
PARTS = {"upper_drawer": DRAWER_CENTRE - HANDLE, "handle": np.zeros(3)}


def get_object_initial_position(env: Planner, object_id: int) -> torch.Tensor:
    """(B, 3) position of the object's centre when the episode began, m, base frame."""
    return torch.from_numpy(env.object_pose(object_id)[:, :3].copy())


def get_object_position(env: Planner, object_id: int) -> torch.Tensor:
    """(B, 3) position of the object's centre as last seen, m, base frame.

    Plans are made before they are carried out, so this is the position at the start of the script."""
    return get_object_initial_position(env, object_id)


def get_articulated_obj_part_pos(
    env: Planner, object_id: int, part_name: str, _use_bbox_center: bool = True
) -> torch.Tensor:
    """(B, 3) middle of a part of an articulated object, m, base frame: where the script's own skills have moved it.

    With `_use_bbox_center` false, the origin of the part's frame.
    """
    base = env.articulated_pose(object_id)
    if part_name not in PARTS:
        raise UnknownName(f"script: found part {part_name!r}, expected one of {sorted(PARTS)}.")
    offset = PARTS[part_name] if _use_bbox_center else np.zeros(3)
    offset = offset + np.array([env.pulled * TRAVEL, 0.0, 0.0])
    return torch.from_numpy(base[:, :3] + quaternion_to_rotation(base[:, 3:]) @ offset)


def make_a_tensor(env: Planner, values: Sequence[float]) -> torch.Tensor:
    """`values` (n,) for each environment: (B, n)."""
    return torch.tensor(values, dtype=torch.float64).expand(len(env.position), -1).clone()
