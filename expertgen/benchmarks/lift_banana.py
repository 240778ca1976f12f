"""Lift Banana (AnyTask, ExpertGen paper Fig. 13): lift the banana at least 20 cm above where it lay."""

from __future__ import annotations

from typing import Any

import numpy as np

from expertgen.benchmarks.base import Array, Benchmark, Start
from expertgen.geometry import quaternion_to_rotation, quaternion_z
from expertgen.scenes import panda_model as panda
from expertgen.scenes.banana import Banana, add_banana
from expertgen.skills import close_gripper, get_object_initial_position, move_to, pick

BANANA = 1  # object ids count from 1, as in the paper's scripts
LIFT = 0.20  # m, task definition
X_RANGE, Y_RANGE = (0.40, 0.60), (-0.18, 0.18)  # m, base frame
READY = np.array([0.0, -0.26, 0.0, -2.43, 0.0, 2.17, np.pi / 4])  # tool 0.30 m above the table at x = 0.45 m
JOINT_SPREAD = 0.02  # rad


def reset_distribution(generator: np.random.Generator) -> Start:
    """Banana flat on the table, uniform over 20 x 36 cm and the full turn; arm near its ready pose."""
    x, y = generator.uniform(*X_RANGE), generator.uniform(*Y_RANGE)
    yaw = generator.uniform(-np.pi, np.pi)
    pose = np.concatenate([[x, y, Banana().radius], quaternion_z(np.array(yaw))])
    joints = READY + generator.normal(0.0, JOINT_SPREAD, 7)
    return Start(joints, np.full(2, panda.FINGER_TRAVEL), pose[None])


def success(objects: Array, start: Array) -> np.ndarray:
    """(B, S, 1, 7) poses, (B, 1, 7) starts → (B, S): the banana's centre is 20 cm or more above its start."""
    return objects[:, :, 0, 2] - start[:, None, 0, 2] >= LIFT


def script(env: Any) -> None:
    """Pick the banana, lift it by 25 cm, hold it. No look back, no second try."""
    pick(env, BANANA)
    target = get_object_initial_position(env, BANANA) + np.array([0.0, 0.0, env.params.lift_offset])
    move_to(env, target, gripper_open=False)
    close_gripper(env)


def start_pose(objects: Array) -> Array:
    """(B, 1, 7) → (B, 3): x, y in m and yaw in rad of the banana."""
    rotation = quaternion_to_rotation(objects[:, 0, 3:])
    yaw = np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])
    return np.concatenate([objects[:, 0, :2], yaw[:, None]], axis=-1)


LIFT_BANANA = Benchmark(
    name="lift_banana", index=0, instruction="Lift the banana at least 20 cm above the table.", num_objects=1,
    add_objects=add_banana, reset_distribution=reset_distribution, success=success, script=script,
    start_pose=start_pose,
)
