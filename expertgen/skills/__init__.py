"""Skills that scripts call, vectorised over environments: the names that the paper's scripts use."""

from expertgen.skills.motions import close_gripper, move_to, open_gripper, pick
from expertgen.skills.planner import Planner
from expertgen.skills.queries import get_object_initial_position, get_object_position

__all__ = [
    "Planner", "close_gripper", "get_object_initial_position", "get_object_position", "move_to", "open_gripper",
    "pick",
]
