"""Lift Banana (AnyTask, ExpertGen paper Fig. 13): lift the banana at least 20 cm above where it lay."""

from __future__ import annotations

from typing import Any

import numpy as np

from expertgen.benchmarks.base import Benchmark, Start
from expertgen.benchmarks.tabletop import arm_near_ready, lift_object, lifted, on_table, one_object_pose
from expertgen.scenes.banana import Banana, add_banana

BANANA = 1  # object ids count from 1, as in the paper's scripts
X_RANGE, Y_RANGE = (0.40, 0.60), (-0.18, 0.18)  # m, base frame


def reset_distribution(generator: np.random.Generator) -> Start:
    """Banana flat on the table, uniform over 20 x 36 cm and the full turn; arm near its ready pose."""
    pose = on_table(generator, X_RANGE, Y_RANGE, Banana().radius)
    return Start(*arm_near_ready(generator), pose[None])


def script(env: Any) -> None:
    """Pick the banana, lift it by 25 cm, hold it. No look back, no second try."""
    lift_object(env, BANANA)


LIFT_BANANA = Benchmark(
    name="lift_banana", index=0, instruction="Lift the banana at least 20 cm above the table.",
    condition="the banana's centre is at least 20 cm above its start", num_objects=1,
    add_objects=add_banana, reset_distribution=reset_distribution, success=lifted, script=script,
    start_pose=one_object_pose, grasp_symmetry=np.pi,
)
