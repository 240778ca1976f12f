"""What tasks on the tabletop share: where things lie at the start, and what counts as lifted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from expertgen.benchmarks.base import Array
from expertgen.geometry import quaternion_to_rotation, quaternion_z
from expertgen.scenes import panda_model as panda
from expertgen.skills import close_gripper, get_object_initial_position, move_to, pick

LIFT = 0.20  # m, what counts as lifted in AnyTask's lifting tasks
READY = np.array([0.0, -0.26, 0.0, -2.43, 0.0, 2.17, np.pi / 4])  # tool 0.30 m above the table at x = 0.45 m
JOINT_SPREAD = 0.02  # rad


def on_table(
    generator: np.random.Generator, x_range: tuple[float, float], y_range: tuple[float, float], height: float,
    yaw_range: tuple[float, float] = (-np.pi, np.pi), tilt: float = 0.0,
) -> Array:
    """Pose (7,) uniform over a rectangle (m, base frame) and a range of yaws (rad), `height` m above the table; the
    x axis points down by `tilt` rad."""
    x, y = generator.uniform(*x_range), generator.uniform(*y_range)
    yaw = generator.uniform(*yaw_range)
    (w, _, _, z), c, s = quaternion_z(np.array(yaw)), np.cos(tilt / 2), np.sin(tilt / 2)
    return np.array([x, y, height, w * c, -z * s, w * s, z * c])  # the yaw's quaternion times the tilt's


def arm_near_ready(generator: np.random.Generator) -> tuple[Array, Array]:
    """Joints (7,) rad near READY, and fingers (2,) m, open."""
    return READY + generator.normal(0.0, JOINT_SPREAD, 7), np.full(2, panda.FINGER_TRAVEL)


def lifted(objects: Array, start: Array) -> np.ndarray:
    """(B, S, O, 7) poses, (B, O, 7) starts → (B, S): the first object's centre is 20 cm or more above its start."""
    return objects[:, :, 0, 2] - start[:, None, 0, 2] >= LIFT


def lift_object(env: Any, object_id: int) -> None:
    """The paper's lifting scripts (Figs. 13 to 15): pick, move 25 cm above where it lay, hold."""
    pick(env, object_id)
    offset = torch.tensor([0.0, 0.0, env.params.lift_offset], dtype=torch.float64)
    move_to(env, get_object_initial_position(env, object_id) + offset, gripper_open=False)
    close_gripper(env)


def yaw_of(poses: Array) -> Array:
    """(..., 7) → (...,) rad."""
    rotation = quaternion_to_rotation(poses[..., 3:])
    return np.arctan2(rotation[..., 1, 0], rotation[..., 0, 0])


def one_object_pose(objects: Array) -> Array:
    """(B, O, 7) → (B, 3): x, y in m and yaw in rad of the first object."""
    return np.concatenate([objects[:, 0, :2], yaw_of(objects[:, 0])[:, None]], axis=-1)
