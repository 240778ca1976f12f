"""What a script may ask about the scene."""

from __future__ import annotations

from expertgen.geometry import Array
from expertgen.skills.planner import Planner


def get_object_initial_position(env: Planner, object_id: int) -> Array:
    """(B, 3) position of the object's centre when the episode began, m, base frame."""
    return env.object_pose(object_id)[:, :3].copy()


def get_object_position(env: Planner, object_id: int) -> Array:
    """(B, 3) position of the object's centre as last seen, m, base frame.

    Plans are made before they are carried out, so this is the position at the start of the script."""
    return get_object_initial_position(env, object_id)
