"""Stack Banana on Can (AnyTask, ExpertGen paper Fig. 18): put the banana on top of the can."""

from __future__ import annotations

from typing import Any

import numpy as np

from expertgen.benchmarks.base import Array, Benchmark, Start
from expertgen.benchmarks.tabletop import arm_near_ready, on_table
from expertgen.benchmarks.two_objects import apart, carry_over, second_object_pose
from expertgen.geometry import quaternion_to_rotation
from expertgen.scenes.banana import Banana, add_banana
from expertgen.scenes.boxes import CAN_SIZE, add_can

CAN, BANANA = 1, 2
CAN_X, CAN_Y = (0.44, 0.60), (0.06, 0.20)  # m
BANANA_X, BANANA_Y = (0.40, 0.58), (-0.20, 0.0)  # m
CLEAR = 0.15  # m, between the two
UPRIGHT = 0.95  # cosine of the can's lean, at least
ON_TOP = (0.005, 0.035)  # m, of the banana's centre above the can's top


def reset_distribution(generator: np.random.Generator) -> Start:
    """Can and banana, each uniform over its side of the table and any turn, 15 cm apart; arm near its ready pose."""
    can, banana = apart(
        lambda: on_table(generator, CAN_X, CAN_Y, CAN_SIZE[2] / 2),
        lambda: on_table(generator, BANANA_X, BANANA_Y, Banana().radius), CLEAR,
    )
    return Start(*arm_near_ready(generator), np.stack([can, banana]))


def success(objects: Array, start: Array) -> np.ndarray:
    """(B, S, 2, 7) poses → (B, S): the can stands, and the banana's centre is over and just above its top."""
    can, banana = objects[:, :, 0], objects[:, :, 1]
    rotation = quaternion_to_rotation(can[..., 3:])
    local = (rotation.swapaxes(-1, -2) @ (banana[..., :3] - can[..., :3])[..., None])[..., 0]
    above = local[..., 2] - CAN_SIZE[2] / 2
    over = (np.abs(local[..., 0]) <= CAN_SIZE[0] / 2) & (np.abs(local[..., 1]) <= CAN_SIZE[1] / 2)
    return (rotation[..., 2, 2] >= UPRIGHT) & over & (above >= ON_TOP[0]) & (above <= ON_TOP[1])


def script(env: Any) -> None:
    """Pick the banana, lift it, put it down over the can. No look back."""
    carry_over(env, BANANA, CAN)


def add_objects(spec: Any) -> None:
    """Can, then banana: their ids."""
    add_can(spec, "can")
    add_banana(spec, "banana")


STACK_BANANA = Benchmark(
    name="stack_banana", index=5, instruction="Put the banana on top of the can.",
    condition="the can stands, and the banana's centre is over its top and 5 to 35 mm above it", num_objects=2,
    add_objects=add_objects, reset_distribution=reset_distribution, success=success, script=script,
    start_pose=second_object_pose,
)
