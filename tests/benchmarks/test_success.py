"""Success of each task on states made by hand, at both sides of its limits."""

from __future__ import annotations

import numpy as np
import pytest

from expertgen.benchmarks import TASKS
from expertgen.benchmarks.open_drawer import OPEN
from expertgen.benchmarks.push_pear import NEAR, TARGET
from expertgen.benchmarks.tabletop import LIFT
from expertgen.geometry import quaternion_z, slide_pose
from expertgen.scenes.bowl import HEIGHT, RADIUS
from expertgen.scenes.boxes import CAN_SIZE
from expertgen.scenes.cabinet import HANDLE, LOWER

STEP = 1e-6
UPRIGHT = quaternion_z(np.array(0.7))
FALLEN = np.array([np.sqrt(0.5), np.sqrt(0.5), 0, 0])


def pose(x: float, y: float, z: float, turn: np.ndarray = UPRIGHT) -> np.ndarray:
    return np.array([x, y, z, *turn])


def succeeds(task: str, *objects: np.ndarray, start: np.ndarray | None = None) -> bool:
    now = np.stack(objects)[None, None]
    before = np.zeros((1, len(objects), 7)) if start is None else start[None, None]
    return bool(TASKS[task].success(now, before)[0, 0])


@pytest.mark.parametrize("task", ["lift_banana", "lift_brick", "lift_peach"])
def test_lifted_is_20_cm_above_the_start(task: str) -> None:
    start = pose(0.5, 0.0, 0.02)
    assert succeeds(task, pose(0.3, 0.2, 0.02 + LIFT + STEP), start=start)
    assert not succeeds(task, pose(0.5, 0.0, 0.02 + LIFT - STEP), start=start)


@pytest.mark.parametrize("turn", [0.0, 3.0])
def test_a_drawer_is_open_at_12_cm_wherever_it_stands(turn: float) -> None:
    base = pose(0.6, 0.1, 0.2, quaternion_z(np.array(turn)))
    assert succeeds("open_drawer", base, slide_pose(base, np.array(OPEN + STEP)))
    assert not succeeds("open_drawer", base, slide_pose(base, np.array(OPEN - STEP)))


def test_a_pear_is_pushed_to_within_5_cm_and_not_carried() -> None:
    x, y = TARGET
    assert succeeds("push_pear", pose(x + NEAR - STEP, y, 0.03))
    assert not succeeds("push_pear", pose(x, y - NEAR - STEP, 0.03))
    assert not succeeds("push_pear", pose(x, y, 0.10))


def test_a_banana_is_stacked_while_the_can_stands_and_it_lies_over_and_on_the_top() -> None:
    can, top = pose(0.5, 0.1, CAN_SIZE[2] / 2), CAN_SIZE[2]
    assert succeeds("stack_banana", can, pose(0.5, 0.1, top + 0.017))
    assert not succeeds("stack_banana", can, pose(0.5, 0.1, top + 0.06)), "still held above"
    assert not succeeds("stack_banana", can, pose(0.58, 0.1, top + 0.017)), "beside"
    assert not succeeds("stack_banana", pose(0.5, 0.1, 0.025, FALLEN), pose(0.5, 0.1, top + 0.017))


def test_a_strawberry_is_in_a_bowl_that_stands() -> None:
    bowl = pose(0.5, 0.1, 0.0)
    assert succeeds("strawberry_in_bowl", bowl, pose(0.5, 0.13, 0.03))
    assert not succeeds("strawberry_in_bowl", bowl, pose(0.5, 0.1, HEIGHT + STEP)), "above the rim"
    assert not succeeds("strawberry_in_bowl", bowl, pose(0.5 + RADIUS + STEP, 0.1, 0.02)), "beside"
    assert not succeeds("strawberry_in_bowl", pose(0.5, 0.1, 0.0, FALLEN), pose(0.5, 0.1, 0.03))


def test_a_strawberry_is_in_the_drawer_open_or_closed_and_not_in_the_cabinet_below() -> None:
    base = pose(0.6, 0.0, HANDLE[2], quaternion_z(np.array(np.pi)))
    drawer = slide_pose(base, np.array(0.15))
    inside = drawer[:3] + np.array([HANDLE[0] + 0.1, 0.0, LOWER + 0.03 - HANDLE[2]])
    assert succeeds("object_in_drawer", pose(*inside), base, drawer)
    assert not succeeds("object_in_drawer", pose(*inside), base, base), "that is in front of the closed drawer"
    assert not succeeds("object_in_drawer", pose(inside[0], 0.0, LOWER - STEP), base, drawer)
    assert not succeeds("object_in_drawer", pose(inside[0], 0.0, 0.25), base, drawer), "still held above"
