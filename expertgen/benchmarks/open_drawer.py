"""Open Drawer (AnyTask, ExpertGen paper Fig. 16): pull the upper drawer of a cabinet open."""

from __future__ import annotations

from typing import Any

import numpy as np

from expertgen.benchmarks.base import Array, Benchmark, Start
from expertgen.benchmarks.tabletop import arm_near_ready, on_table, one_object_pose
from expertgen.geometry import slide_distance
from expertgen.scenes.cabinet import HANDLE, add_cabinet
from expertgen.skills import open_drawer

CABINET = 1
X_RANGE, Y_RANGE, TURN = (0.55, 0.63), (-0.15, 0.15), 0.25  # of the handle, m; rad: the front faces the arm
OPEN = 0.12  # m, of 0.18


def cabinet_pose(generator: np.random.Generator, x_range: tuple[float, float] = X_RANGE) -> Array:
    """Pose (7,) of a cabinet that faces the arm, with its handle in `x_range`, m."""
    return on_table(generator, x_range, Y_RANGE, HANDLE[2], (np.pi - TURN, np.pi + TURN))


def reset_distribution(generator: np.random.Generator) -> Start:
    """Cabinet uniform over 8 x 30 cm, turned by up to 0.25 rad, its drawer closed; arm near its ready pose."""
    cabinet = cabinet_pose(generator)
    return Start(*arm_near_ready(generator), np.stack([cabinet, cabinet]))


def success(objects: Array, start: Array) -> np.ndarray:
    """(B, S, 2, 7) poses → (B, S): the drawer is open by 12 cm or more."""
    return slide_distance(objects[:, :, -2], objects[:, :, -1]) >= OPEN


def script(env: Any) -> None:
    """Grasp the handle and pull."""
    open_drawer(env, CABINET)


OPEN_DRAWER = Benchmark(
    name="open_drawer", index=3, instruction="Open the upper drawer of the cabinet.",
    condition="the drawer is open by at least 12 of its 18 cm", num_objects=2,
    add_objects=add_cabinet, reset_distribution=reset_distribution, success=success, script=script,
    start_pose=one_object_pose, articulated=True,
)
