"""Skills that move things without lifting them: pulling a drawer open, pushing along the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from expertgen.geometry import Array, quaternion_to_rotation, wrap_half_turn
from expertgen.scenes.cabinet import TRAVEL
from expertgen.skills.motions import SETTLE_STEPS, grasp, open_gripper
from expertgen.skills.planner import CLOSED, Planner, values_of

PUSH_HEIGHT = 0.025  # m above the table, of the closed fingertips
MIDDLE = np.pi / 4  # rad, yaw of the tool straight ahead with the wrist in the middle of its range
TURN_SPEED = 1.2  # rad/s, on the way to where a push starts: wide turns, while the arm turns too
CONTACT = 0.045  # m from an object's centre to a fingertip that touches it: half its width and half a finger's


def open_drawer(env: Planner, object_id: int, reset_after_open: bool = False) -> None:
    """Grasp the handle of an articulated object from above, and pull its drawer open by `script.pull` of its travel.

    With `reset_after_open` the tool goes back to where the episode began, open and high enough to pass over.
    """
    params, base = env.params, env.articulated_pose(object_id)
    rotation = quaternion_to_rotation(base[:, 3:])
    handle = base[:, :3].copy()  # its frame's origin
    handle[:, :2] += env.noise[:, :2]
    # Fingers close along the tool's y axis, here along the way the drawer slides.
    yaw = within_reach(np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0]) - np.pi / 2 + env.noise[:, 2])
    grasp(env, handle, yaw)
    pulled = handle + params.pull * TRAVEL * rotation[:, :, 0]
    env.straight(pulled, yaw, params.speed)
    env.wait(SETTLE_STEPS)
    env.pulled = params.pull
    if reset_after_open:
        open_gripper(env)
        env.wait(SETTLE_STEPS)
        env.straight(pulled + np.array([0.0, 0.0, params.hover_height]), yaw, params.speed)
        env.straight(env.start_position, env.start_yaw, params.speed)


def push_or_pull_object_to_xy(env: Planner, object_id: int, target_xy: Any) -> None:
    """Push an object along the table so that its centre comes to `target_xy` (B, 2) m: with closed fingers, from the
    side that is away from the target, in one straight line."""
    params, start = env.params, env.object_pose(object_id)[:, :2] + env.noise[:, :2]
    target = values_of(target_xy)
    way = target - start
    direction = way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-6)
    # Fingers side by side across the way.
    yaw = within_reach(np.arctan2(direction[:, 1], direction[:, 0]))
    env.gripper[:] = CLOSED
    behind = _on_table(start - (CONTACT + params.push_run_up) * direction)
    env.straight(behind + np.array([0.0, 0.0, params.hover_height]), yaw, params.speed, TURN_SPEED)
    env.straight(behind, yaw, params.speed)
    env.straight(_on_table(target - CONTACT * direction), yaw, params.push_speed)
    env.wait(SETTLE_STEPS)


def within_reach(yaw: Array) -> Array:
    """The yaw (B,) rad of the same hand, which is alike after half a turn, at which the wrist is farther from its
    limits."""
    return wrap_half_turn(yaw - MIDDLE) + MIDDLE


def _on_table(xy: Array) -> Array:
    return np.concatenate([xy, np.full((len(xy), 1), PUSH_HEIGHT)], axis=-1)
