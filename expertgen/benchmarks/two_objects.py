"""What tasks with one thing to be put onto or into another share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from expertgen.benchmarks.base import Array
from expertgen.benchmarks.tabletop import yaw_of
from expertgen.skills import get_object_initial_position, get_object_position, move_to, pick, place

CARRY = 0.18  # m above where it lay, as in the paper's scripts (Figs. 18 and 20)


def apart(first: Callable[[], Array], second: Callable[[], Array], clear: float) -> tuple[Array, Array]:
    """Draw two poses (7,) again and again until their centres are `clear` m apart."""
    while True:
        poses = first(), second()
        if np.hypot(*(poses[0][:2] - poses[1][:2])) >= clear:
            return poses


def carry_over(env: Any, object_id: int, onto: int) -> None:
    """Pick an object, lift it by 18 cm, and put it down over another."""
    pick(env, object_id)
    lift = torch.tensor([0.0, 0.0, CARRY], dtype=torch.float64)
    move_to(env, get_object_initial_position(env, object_id) + lift, gripper_open=False)
    place(env, get_object_position(env, onto))


def second_object_pose(objects: Array) -> Array:
    """(B, O, 7) → (B, 3): x, y in m and yaw in rad of the second object."""
    return np.concatenate([objects[:, 1, :2], yaw_of(objects[:, 1])[:, None]], axis=-1)
