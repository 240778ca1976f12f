"""Motions that scripts are made of. Their flaws are parameters (params.yaml, script), as honest as the paper's.

The paper's scripts fail because they aim at the centre of a bounding box, turn the wrist only so far, place the
hand inaccurately and never look back; so do these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from expertgen.geometry import Array, quaternion_to_rotation, wrap_half_turn
from expertgen.skills.planner import CLOSED, OPEN, Planner, values_of

GRIP_STEPS = 4  # control steps for the fingers to close
SETTLE_STEPS = 2  # for the arm to catch up with its targets


def pick(env: Planner, object_id: int) -> None:
    """Grasp the object from above, across its short side, and raise it by the hover height."""
    target, yaw = grasp_pose(env, object_id)
    grasp(env, target, yaw)
    env.straight(target + np.array([0.0, 0.0, env.params.hover_height]), yaw, env.params.speed)


def grasp(env: Planner, target: Array, yaw: Array) -> None:
    """Close the fingers on what is at `target` (B, 3) m: from above, open, at yaw (B,) rad."""
    open_gripper(env)
    env.straight(target + np.array([0.0, 0.0, env.params.hover_height]), yaw, env.params.speed)
    env.straight(target, yaw, env.params.speed)
    env.wait(SETTLE_STEPS)
    close_gripper(env)


def grasp_pose(env: Planner, object_id: int) -> tuple[Array, Array]:
    """Tool position (B, 3) and yaw (B,) of the grasp the script believes in."""
    params, pose = env.params, env.object_pose(object_id)
    rotation = quaternion_to_rotation(pose[:, 3:])
    yaw = wrap_half_turn(np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0]) + env.noise[:, 2])
    target = pose[:, :3] + params.aim_offset * rotation[:, :, 1]
    target[:, :2] += env.noise[:, :2]
    target[:, 2] += params.grasp_height
    return target, np.clip(yaw, -params.yaw_limit, params.yaw_limit)


def place(env: Planner, position: Any) -> None:
    """Carry what is held over `position` (B, 3) m, lower it to the place height above it, let go, and go up again."""
    params, target = env.params, values_of(position)
    target[:, 2] += params.place_height
    above = target + np.array([0.0, 0.0, params.hover_height])
    env.straight(above, env.yaw, params.speed)
    env.straight(target, env.yaw, params.speed)
    env.wait(SETTLE_STEPS)
    open_gripper(env)
    env.wait(GRIP_STEPS)
    env.straight(above, env.yaw, params.speed)


def move_to(
    env: Planner, position: Any, target_orientation: Any = None, gripper_open: bool | None = None
) -> None:
    """Move the tool to position (B, 3) m; target_orientation (B,) is a yaw in rad, None keeps the present one."""
    if gripper_open is not None:
        env.gripper[:] = OPEN if gripper_open else CLOSED
    yaw = env.yaw if target_orientation is None else values_of(target_orientation)
    env.straight(values_of(position), yaw, env.params.speed)


def open_gripper(env: Planner) -> None:
    """Open the gripper from the next motion on."""
    env.gripper[:] = OPEN


def close_gripper(env: Planner) -> None:
    """Close the gripper and give the fingers time to do so."""
    env.gripper[:] = CLOSED
    env.wait(GRIP_STEPS)
