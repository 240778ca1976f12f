"""The Robotiq 2F-85 from the gym-hil wheel: a clear word where it is missing, a real gripper where it is not."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest

from expertgen.benchmarks import TASKS
from expertgen.env import Env
from expertgen.errors import MissingInput
from expertgen.params import load_params
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.rollout import run_episodes
from expertgen.scenes import robotiq
from expertgen.scenes.banana import add_banana
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.grippers import Robotiq
from expertgen.sims.mujoco_batch import MujocoBatch

PARAMS = load_params(Path(__file__).resolve().parents[2] / "params.yaml")
installed = pytest.mark.skipif(
    importlib.util.find_spec(robotiq.PACKAGE) is None,
    reason=f"needs the gripper's model: pip install --no-deps gym-hil=={robotiq.VERSION}",
)


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return build_tabletop("panda_robotiq", 0.005, add_banana)


def test_a_missing_model_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robotiq, "PACKAGE", "surely_not_installed")
    with pytest.raises(MissingInput, match=r"panda_robotiq.*pip install --no-deps gym-hil==.*panda_hand"):
        build_tabletop("panda_robotiq", 0.005, add_banana)


@installed
def test_the_package_is_not_imported(model: mujoco.MjModel) -> None:
    assert robotiq.PACKAGE not in sys.modules


@installed
def test_nothing_is_glued_and_the_arm_is_the_same(model: mujoco.MjModel) -> None:
    plain = build_tabletop("panda_hand", 0.005, add_banana)
    object_id = model.body("object").id
    for first, second in zip(model.eq_obj1id, model.eq_obj2id, strict=True):
        assert object_id not in (first, second)
    assert not (model.eq_type == int(mujoco.mjtEq.mjEQ_WELD)).any()
    assert [model.actuator(i).name for i in range(8)] == [plain.actuator(i).name for i in range(8)]
    np.testing.assert_array_equal(model.jnt_range[:7], plain.jnt_range[:7])
    np.testing.assert_allclose(model.body("link5").inertia, plain.body("link5").inertia)
    assert 0.8 < model.body("hand").subtreemass[0] < 1.1, "kg, the maker's 0.9 and a little"


@installed
def test_openings_are_where_the_pads_are(model: mujoco.MjModel) -> None:
    gripper, data, hand = Robotiq(model), mujoco.MjData(model), model.body("hand").id
    assert gripper.widest == pytest.approx(0.085 / 2, abs=5e-4), "a 2F-85 opens 85 mm"
    generator = np.random.default_rng(0)
    for _ in range(10):
        data.qpos[gripper.joints] = generator.uniform(-0.2, 0.2, len(gripper.joints))
        mujoco.mj_kinematics(model, data)
        seen = []
        for side, sign in (("right", 1), ("left", -1)):
            pads = [data.geom(f"{robotiq.PREFIX}{side}_pad{i}") for i in (1, 2)]
            face = (pads[0].xpos + pads[1].xpos) / 2 - pads[0].xmat.reshape(3, 3)[:, 1] * 0.004
            seen.append(sign * data.xmat[hand].reshape(3, 3)[:, 1] @ (face - data.xpos[hand]))
        np.testing.assert_allclose(gripper.openings(data.qpos), seen, atol=1e-9)


@installed
def test_it_goes_where_it_is_told_and_a_start_is_at_rest(model: mujoco.MjModel) -> None:
    sim = MujocoBatch(model, 3, 10)
    start = TASKS["lift_banana"].reset_distribution(np.random.default_rng(0))
    openings = np.array([[0.04, 0.04], [0.02, 0.02], [0.0, 0.0]])
    joints, objects = np.tile(start.joints, (3, 1)), np.tile(start.objects, (3, 1, 1))
    sim.reset(np.arange(3), joints, openings, objects)
    np.testing.assert_allclose(sim.state().fingers, openings, atol=2e-4)
    held = sim.step(np.repeat(joints[:, None], 5, axis=1), np.repeat(openings[:, :1], 5, axis=1))
    np.testing.assert_allclose(held.fingers, np.repeat(openings[:, None], 5, axis=1), atol=5e-4)
    moved = sim.step(np.repeat(joints[:, None], 8, axis=1), np.full((3, 8), 0.01))
    np.testing.assert_allclose(moved.fingers[:, -1], 0.01, atol=5e-4)
    assert sim.health().ok.all()


@installed
def test_it_lifts_bananas_by_contact_and_lets_go() -> None:
    simulation = dataclasses.replace(PARAMS.simulation, robot="panda_robotiq")
    script = dataclasses.replace(PARAMS.script, position_noise=0.0, yaw_noise=0.0, yaw_limit=1.6, aim_offset=0.01)
    sim = MujocoBatch(build_tabletop("panda_robotiq", simulation.timestep, add_banana), 16, simulation.control_hz)
    env = Env(TASKS["lift_banana"], sim, simulation, 8, sim.kinematics)
    policy = ScriptedPolicy(env, script, 16)
    done = run_episodes(env, policy.act, np.arange(16), policy.plan)
    assert done.healthy.all() and done.success_end.mean() >= 0.9
    assert (env.observe()[:, 23:25] > 0.008).all(), "something is between the fingers"
    opened = sim.step(np.repeat(done.joints[:, -1:], 10, axis=1), np.full((16, 10), sim.fingers_open))
    assert (opened.objects[:, -1, 0, 2] < 0.06).all()
