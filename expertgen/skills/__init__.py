"""Skills that scripts call, vectorised over environments: the names that the paper's scripts use."""

from expertgen.skills.contact import open_drawer, push_or_pull_object_to_xy
from expertgen.skills.motions import close_gripper, move_to, open_gripper, pick, place
from expertgen.skills.planner import Planner
from expertgen.skills.queries import (
    get_articulated_obj_part_pos,
    get_object_initial_position,
    get_object_position,
    make_a_tensor,
)

__all__ = [
    "Planner", "close_gripper", "get_articulated_obj_part_pos", "get_object_initial_position", "get_object_position",
    "make_a_tensor", "move_to", "open_drawer", "open_gripper", "pick", "place", "push_or_pull_object_to_xy",
]
