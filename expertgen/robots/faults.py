"""What goes wrong with a robot, in words that a person beside it can act on."""

from __future__ import annotations

from expertgen.errors import ExpertGenError


class RobotFault(ExpertGenError):
    """An arm, gripper or camera is not there, does not answer in time, or refuses: its message says which, and why."""
