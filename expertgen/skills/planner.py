"""Where skills put their motions: one growing action plan for each environment.

Every environment goes at its own pace: a skill appends to each plan as many control steps as that
environment's motion takes, so nobody waits for the slowest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from expertgen.errors import UnknownName
from expertgen.geometry import Array, rotation_to_6d
from expertgen.params import ScriptParams

OPEN, CLOSED = -1.0, 1.0


def values_of(given: Any) -> Array:
    """A copy of what a program gives, a tensor or whatever NumPy reads, as numbers."""
    return np.array(given.numpy() if isinstance(given, torch.Tensor) else given, dtype=np.float64)


class Planner:
    """Plans for B environments, from the state in which the script starts; SI units, base frame.

    position (B, 3) and yaw (B,) are the tool's last planned pose (it always points straight down), gripper
    (B,) the last command, objects (B, O, 7) the poses seen at the start. `noise` (B, 3) offsets x, y and
    yaw of every grasp: what the script's eyes get wrong. With `articulated` the last two objects are an articulated
    one and its part, see Benchmark.
    """

    def __init__(
        self, position: Array, yaw: Array, objects: Array, noise: Array, params: ScriptParams, control_dt: float,
        articulated: bool = False,
    ) -> None:
        self.position, self.yaw, self.noise = position.copy(), yaw.copy(), noise
        # Ids as the paper's programs count them: from 1, an articulated object before those that are free.
        self.part = objects[:, -1] if articulated else None
        self.objects = np.concatenate([objects[:, -2:-1], objects[:, :-2]], 1) if articulated else objects
        self.start_position, self.start_yaw = self.position.copy(), self.yaw.copy()
        self.pulled = 0.0  # how far the script believes to have opened an articulated object, of its travel
        self.gripper = np.full(len(position), OPEN)
        self.params, self.control_dt = params, control_dt
        self.plans: list[list[Array]] = [[] for _ in position]

    def object_pose(self, object_id: int) -> Array:
        """(B, 7) pose of an object; ids count from 1."""
        if not 1 <= object_id <= self.objects.shape[1]:
            raise UnknownName(
                f"script: found object id {object_id}, expected 1 to {self.objects.shape[1]} in this scene."
            )
        return self.objects[:, object_id - 1]

    def articulated_pose(self, object_id: int) -> Array:
        """(B, 7) pose of an articulated object's base. Raises UnknownName for any other object."""
        if self.part is None or object_id != 1:
            raise UnknownName(f"script: object {object_id} has no parts; only an articulated object, of id 1, has.")
        return self.objects[:, 0]

    def straight(self, position: Array, yaw: Array, speed: float, turn_speed: float = 1.5) -> None:
        """Move the tool in straight lines to position (B, 3), yaw (B,) at `speed` m/s and `turn_speed` rad/s."""
        distance = np.linalg.norm(position - self.position, axis=-1)
        seconds = np.maximum(distance / speed, np.abs(yaw - self.yaw) / turn_speed)
        counts = np.maximum(np.ceil(seconds / self.control_dt - 1e-9), 1).astype(int)
        for env, count in enumerate(counts):
            share = (np.arange(count) + 1.0)[:, None] / count
            path = self.position[env] + share * (position[env] - self.position[env])
            turn = self.yaw[env] + share[:, 0] * (yaw[env] - self.yaw[env])
            self.plans[env].append(tool_actions(path, turn, self.gripper[env]))
        self.position, self.yaw = position.copy(), yaw.copy()

    def wait(self, steps: int) -> None:
        """Hold the last pose and gripper command for `steps` control steps."""
        held = tool_actions(self.position, self.yaw, self.gripper)
        for env, plan in enumerate(self.plans):
            plan.append(np.repeat(held[env : env + 1], steps, axis=0))

    def actions(self, steps: int) -> Array:
        """(B, steps, 10) the plans cut, or held at their last pose, to `steps` control steps."""
        self.wait(1)
        plans = [np.concatenate(plan) for plan in self.plans]
        return np.stack([p[np.minimum(np.arange(steps), len(p) - 1)] for p in plans])


def tool_actions(position: Array, yaw: Array, gripper: Array | float) -> Array:
    """Poses pointing straight down: position (..., 3) m, yaw (...,) rad, gripper → (..., 10) actions.

    At yaw 0 the tool's x is the base's x and its fingers close along the base's y."""
    c, s, zero = np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)
    rotation = np.stack([c, s, zero, s, -c, zero, zero, zero, -np.ones_like(yaw)], axis=-1)
    rotation = rotation.reshape(*yaw.shape, 3, 3)
    grip = np.broadcast_to(np.asarray(gripper, dtype=float), yaw.shape)[..., None]
    return np.concatenate([position, rotation_to_6d(rotation.swapaxes(-1, -2)), grip], axis=-1)
