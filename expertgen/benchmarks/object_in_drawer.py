"""Put Object in Closed Drawer (AnyTask, ExpertGen paper Fig. 19): open the drawer, put the strawberry into it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from expertgen.benchmarks.base import Array, Benchmark, Start
from expertgen.benchmarks.open_drawer import cabinet_pose
from expertgen.benchmarks.tabletop import arm_near_ready, on_table, one_object_pose
from expertgen.geometry import quaternion_to_rotation
from expertgen.scenes.cabinet import DEPTH, HANDLE, HEIGHT, LOWER, TRAVEL, WIDTH, add_cabinet
from expertgen.scenes.fruit import STRAWBERRY, add_strawberry
from expertgen.skills import (
    get_articulated_obj_part_pos,
    get_object_initial_position,
    move_to,
    open_drawer,
    open_gripper,
    pick,
)

DRAWER, STRAWBERRY_ID = 1, 2
CABINET_X = (0.63, 0.69)  # m, of the handle
BERRY_X, BERRY_Y = (0.38, 0.48), (-0.25, 0.25)  # m: between the arm and the cabinet
AHEAD, BESIDE = TRAVEL + 0.09, WIDTH / 2 + 0.16  # m from the handle: where the open drawer leaves no room for the hand
CARRY, DROP = 0.23, 0.23  # m: lift, and height of the tool over the drawer (Fig. 19)


def reset_distribution(generator: np.random.Generator) -> Start:
    """Cabinet as in Open Drawer, 8 and 6 cm farther away; strawberry in front of it, uniform over 10 x 50 cm but for
    where the open drawer would be over it; arm near its ready pose."""
    while True:
        cabinet = cabinet_pose(generator, CABINET_X)
        berry = on_table(generator, BERRY_X, BERRY_Y, STRAWBERRY.rest)
        ahead, beside, _ = quaternion_to_rotation(cabinet[3:]).T @ (berry[:3] - cabinet[:3])
        if ahead >= AHEAD or abs(beside) >= BESIDE:
            return Start(*arm_near_ready(generator), np.stack([berry, cabinet, cabinet]))


def success(objects: Array, start: Array) -> np.ndarray:
    """(B, S, 3, 7) poses → (B, S): the strawberry's centre is inside the drawer."""
    berry, drawer = objects[:, :, 0], objects[:, :, -1]
    rotation = quaternion_to_rotation(drawer[..., 3:])
    local = HANDLE + (rotation.swapaxes(-1, -2) @ (berry[..., :3] - drawer[..., :3])[..., None])[..., 0]
    deep = (local[..., 0] <= 0) & (local[..., 0] >= -DEPTH) & (np.abs(local[..., 1]) <= WIDTH / 2)
    return deep & (local[..., 2] >= LOWER) & (local[..., 2] <= HEIGHT)


def script(env: Any) -> None:
    """Open the drawer, pick the strawberry, drop it over the middle of the drawer. No look back."""
    open_drawer(env, DRAWER, reset_after_open=True)
    pick(env, STRAWBERRY_ID)
    lift = torch.tensor([0.0, 0.0, CARRY], dtype=torch.float64)
    move_to(env, get_object_initial_position(env, STRAWBERRY_ID) + lift, gripper_open=False)
    place = get_articulated_obj_part_pos(env, DRAWER, "upper_drawer", _use_bbox_center=True)
    place[:, 2] = DROP
    move_to(env, place, gripper_open=False)
    open_gripper(env)


def add_objects(spec: Any) -> None:
    """Cabinet and strawberry."""
    add_strawberry(spec, "strawberry")
    add_cabinet(spec)


OBJECT_IN_DRAWER = Benchmark(
    name="object_in_drawer", index=6, instruction="Open the upper drawer and put the strawberry into it.",
    condition="the strawberry's centre is inside the drawer",
    num_objects=3, add_objects=add_objects, reset_distribution=reset_distribution, success=success, script=script,
    start_pose=one_object_pose, articulated=True,
)
