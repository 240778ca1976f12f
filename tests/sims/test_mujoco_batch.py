"""What is particular to mujoco.batch; tests/contracts holds what every engine promises."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from expertgen.benchmarks import TASKS
from expertgen.errors import InvalidParameter
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.mujoco_batch import MujocoBatch
from tests.contracts.engines import motion, start

TASK = TASKS["lift_banana"]


def crowded(spec: mujoco.MjSpec) -> None:
    """The task's banana, little memory, and one place where touching down means touching eighty blocks."""
    TASK.add_objects(spec)
    for _ in range(80):
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, pos=[2.0, 0, 0], size=[0.3, 0.3, 0.05], contype=1, conaffinity=3
        )
    spec.memory = 60_000


def test_overflow_is_reported_for_its_environment_alone() -> None:
    model = build_tabletop("panda_hand", 0.005, crowded)
    sim, calm = MujocoBatch(model, 3, 10), MujocoBatch(model, 3, 10)
    for s in (sim, calm):
        start(s)
    plan = motion(sim, 3)
    now = sim.state()
    elsewhere = np.array([[[2.0, 0.0, 0.06, 1, 0, 0, 0]]])
    sim.reset(np.array([1]), now.joints[1:2], now.fingers[1:2], elsewhere)
    trace, expected = sim.step(*plan), calm.step(*plan)
    health = sim.health()
    assert health.ok.tolist() == [True, False, True]
    assert calm.health().ok.all()
    assert health.reasons[1]
    np.testing.assert_array_equal(trace.objects[[0, 2]], expected.objects[[0, 2]])
    assert np.isfinite(trace.objects).all()
    start(sim, np.array([1]))
    sim.step(*plan)
    assert sim.health().ok.all()


def test_warnings_are_left_to_health(capfd: pytest.CaptureFixture[str], tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    sim = MujocoBatch(build_tabletop("panda_hand", 0.005, TASK.add_objects), 4, 10, num_threads=2)
    start(sim)
    targets, gripper = motion(sim, 2)
    sim.step(np.full_like(targets, np.nan), gripper)
    assert not sim.health().ok.any()
    assert list(tmp_path.iterdir()) == []
    assert "WARNING" not in "".join(capfd.readouterr())


def test_a_timestep_that_does_not_divide_the_control_step_is_refused() -> None:
    model = build_tabletop("panda_hand", 0.003, TASK.add_objects)
    with pytest.raises(InvalidParameter, match=r"simulation\.timestep"):
        MujocoBatch(model, 1, 10)
