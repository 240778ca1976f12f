"""Push Pear to Center (AnyTask, ExpertGen paper Fig. 17): push the pear along the table to a marked place."""

from __future__ import annotations

from typing import Any

import numpy as np

from expertgen.benchmarks.base import Array, Benchmark, Start
from expertgen.benchmarks.tabletop import arm_near_ready, on_table, one_object_pose
from expertgen.scenes.fruit import PEAR, add_pear
from expertgen.scenes.rigid import add_mark
from expertgen.skills import make_a_tensor, push_or_pull_object_to_xy

PEAR_ID = 1
TARGET = (0.45, 0.0)  # m, base frame: the middle of what the arm reaches
NEAR, LOW = 0.05, 0.06  # m: from the target, and above the table
X_RANGE, Y_RANGE = (0.40, 0.60), (-0.26, 0.26)  # m; nearer, the hand could not get behind the pear
AWAY = 0.10  # m, from the target at least


def reset_distribution(generator: np.random.Generator) -> Start:
    """Pear on its side, uniform over 20 x 52 cm but for 10 cm around the target, any turn; arm near its ready pose."""
    while True:
        pose = on_table(generator, X_RANGE, Y_RANGE, PEAR.rest, tilt=PEAR.tilt)
        if np.hypot(*(pose[:2] - TARGET)) >= AWAY:
            return Start(*arm_near_ready(generator), pose[None])


def success(objects: Array, start: Array) -> np.ndarray:
    """(B, S, 1, 7) poses → (B, S): the pear's centre is within 5 cm of the target, on the table."""
    offset = objects[:, :, 0, :2] - np.array(TARGET)
    return (np.hypot(offset[..., 0], offset[..., 1]) <= NEAR) & (objects[:, :, 0, 2] <= LOW)


def script(env: Any) -> None:
    """One push, in a straight line. The paper's program pushes to another place, in its own scene."""
    push_or_pull_object_to_xy(env, PEAR_ID, make_a_tensor(env, TARGET))


def add_objects(spec: Any) -> None:
    """The pear, and a mark on the table where it is to go."""
    add_pear(spec)
    add_mark(spec, TARGET, NEAR)


PUSH_PEAR = Benchmark(
    name="push_pear", index=4, instruction="Push the pear to the center of the table.",
    condition="the pear's centre is within 5 cm of the mark, on the table", num_objects=1,
    add_objects=add_objects, reset_distribution=reset_distribution, success=success, script=script,
    start_pose=one_object_pose,
)
