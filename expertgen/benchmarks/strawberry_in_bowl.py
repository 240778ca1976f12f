"""Place Strawberry in Bowl (AnyTask, ExpertGen paper Fig. 20)."""

from __future__ import annotations

from typing import Any

import numpy as np

from expertgen.benchmarks.base import Array, Benchmark, Start
from expertgen.benchmarks.tabletop import arm_near_ready, on_table
from expertgen.benchmarks.two_objects import apart, carry_over, second_object_pose
from expertgen.geometry import quaternion_to_rotation
from expertgen.scenes.bowl import HEIGHT, RADIUS, REST, add_bowl
from expertgen.scenes.fruit import STRAWBERRY, add_strawberry

BOWL, STRAWBERRY_ID = 1, 2
BOWL_X, BOWL_Y = (0.44, 0.60), (0.06, 0.20)  # m
BERRY_X, BERRY_Y = (0.40, 0.58), (-0.20, 0.0)  # m
CLEAR = 0.15  # m
UPRIGHT = 0.9  # cosine of the bowl's lean, at least


def reset_distribution(generator: np.random.Generator) -> Start:
    """Bowl and strawberry, each uniform over its side of the table, 15 cm apart; arm near its ready pose."""
    bowl, berry = apart(
        lambda: on_table(generator, BOWL_X, BOWL_Y, REST),
        lambda: on_table(generator, BERRY_X, BERRY_Y, STRAWBERRY.rest), CLEAR,
    )
    return Start(*arm_near_ready(generator), np.stack([bowl, berry]))


def success(objects: Array, start: Array) -> np.ndarray:
    """(B, S, 2, 7) poses → (B, S): the bowl stands, and the strawberry's centre is inside it, below its rim."""
    bowl, berry = objects[:, :, 0], objects[:, :, 1]
    rotation = quaternion_to_rotation(bowl[..., 3:])
    local = (rotation.swapaxes(-1, -2) @ (berry[..., :3] - bowl[..., :3])[..., None])[..., 0]
    inside = (np.hypot(local[..., 0], local[..., 1]) < RADIUS) & (local[..., 2] > 0) & (local[..., 2] < HEIGHT)
    return (rotation[..., 2, 2] >= UPRIGHT) & inside


def script(env: Any) -> None:
    """Pick the strawberry, lift it, put it down over the bowl. No look back."""
    carry_over(env, STRAWBERRY_ID, BOWL)


def add_objects(spec: Any) -> None:
    """Bowl, then strawberry: their ids."""
    add_bowl(spec, "bowl")
    add_strawberry(spec, "strawberry")


STRAWBERRY_IN_BOWL = Benchmark(
    name="strawberry_in_bowl", index=7, instruction="Put the strawberry into the bowl.",
    condition="the bowl stands, and the strawberry's centre is inside it, below its rim", num_objects=2,
    add_objects=add_objects, reset_distribution=reset_distribution, success=success, script=script,
    start_pose=second_object_pose,
)
