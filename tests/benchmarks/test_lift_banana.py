"""Lift Banana: its starts, its script, and a banana that is held by nothing but the fingers' contact."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mujoco
import numpy as np
import pytest
import torch

from expertgen.benchmarks import TASKS
from expertgen.benchmarks.lift_banana import X_RANGE, Y_RANGE
from expertgen.benchmarks.tabletop import JOINT_SPREAD, LIFT, READY
from expertgen.env import Env, start_generator
from expertgen.make_env import make_env
from expertgen.params import load_params
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.rollout import Episodes, run_episodes
from expertgen.scenes import panda_model as panda
from expertgen.scenes.banana import Banana

PARAMS = load_params(Path(__file__).resolve().parents[2] / "params.yaml")
TASK = TASKS["lift_banana"]
# The middle of the arc, not of its box; no noise: what the scripted grasp could be.
FAVOURABLE = dataclasses.replace(PARAMS.script, position_noise=0.0, yaw_noise=0.0, yaw_limit=1.6, aim_offset=0.01)
STARTS = 64


@pytest.fixture(scope="module")
def lifted() -> tuple[Env, Episodes]:
    """The environments at the end of a favourable episode, and what happened."""
    env = make_env("lift_banana", PARAMS.simulation, STARTS, PARAMS.prior.execute)
    script = ScriptedPolicy(env, FAVOURABLE, PARAMS.prior.horizon)
    return env, run_episodes(env, script.act, np.arange(STARTS), script.plan)


def test_starts_cover_the_whole_table_range_and_the_full_turn() -> None:
    starts = [TASK.reset_distribution(start_generator(seed)) for seed in range(2000)]
    pose = TASK.start_pose(np.stack([s.objects for s in starts]))
    for column, (low, high) in enumerate((X_RANGE, Y_RANGE, (-np.pi, np.pi))):
        counts, _ = np.histogram(pose[:, column], bins=8, range=(low, high))
        assert counts.sum() == 2000, "none outside"
        assert counts.min() > 2000 / 8 * 0.8, "uniform"
    objects = np.stack([s.objects for s in starts])
    np.testing.assert_allclose(objects[:, 0, 2], Banana().radius)
    np.testing.assert_allclose(np.linalg.norm(objects[:, 0, 3:], axis=-1), 1)
    joints = np.stack([s.joints for s in starts])
    np.testing.assert_allclose(joints.std(0), JOINT_SPREAD, rtol=0.1)
    np.testing.assert_allclose(joints.mean(0), READY, atol=0.003)
    assert all((s.fingers == panda.FINGER_TRAVEL).all() for s in starts)


def test_the_hand_starts_clear_of_the_banana() -> None:
    env = make_env("lift_banana", PARAMS.simulation, 32, 8)
    env.reset(np.arange(32))
    assert (env.observe()[:, 11] > 0.2).all(), "tool height"
    still = torch.from_numpy(np.zeros((32, 1, 10), dtype=np.float32))
    still[..., :3], still[..., 3], still[..., 7] = env.observe()[:, None, [3, 7, 11]], 1, -1
    result = env.step_chunk(still)
    np.testing.assert_allclose(result.objects[:, 0, 0, :2], env.start_objects[:, 0, :2], atol=1e-3)


def test_instruction_says_what_success_means() -> None:
    assert f"{LIFT * 100:g} cm" in TASK.instruction and "banana" in TASK.instruction.lower()
    assert TASK.name == "lift_banana" and TASKS[TASK.name] is TASK


def test_a_favourable_script_succeeds(lifted: tuple[Env, Episodes]) -> None:
    _, episodes = lifted
    assert episodes.healthy.all()
    assert episodes.success_any.mean() >= 0.9
    assert episodes.success_end.mean() >= 0.9
    assert not episodes.success[:, 0].any()


def test_the_script_s_flaws_cost_success(lifted: tuple[Env, Episodes]) -> None:
    env = lifted[0]
    saved = env.state()
    script = ScriptedPolicy(env, PARAMS.script, PARAMS.prior.horizon)
    flawed = run_episodes(env, script.act, np.arange(STARTS), script.plan)
    env.restore(saved)
    assert 0.2 < flawed.success_any.mean() < 0.9


def data_of(env: Env, index: int) -> tuple[mujoco.MjModel, mujoco.MjData]:
    """One environment's model and data with all forces computed."""
    model = env.simulator.model
    data = mujoco.MjData(model)
    state = env.simulator.save()["state"][index]
    mujoco.mj_setState(model, data, state[: mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION)],
                       mujoco.mjtState.mjSTATE_INTEGRATION)  # fmt: skip
    mujoco.mj_forward(model, data)
    return model, data


def finger_forces(model: mujoco.MjModel, data: mujoco.MjData) -> tuple[dict[str, float], np.ndarray]:
    """Normal force (N) of each finger on the banana, and the sum of all forces (3,) that it feels by contact."""
    normal, total = {"finger_left": 0.0, "finger_right": 0.0, "table": 0.0}, np.zeros(3)
    banana = model.body("object").id
    for index, contact in enumerate(data.contact):
        bodies = [int(model.geom_bodyid[g]) for g in contact.geom]
        if banana not in bodies:
            continue
        other = bodies[1 - bodies.index(banana)]
        force = np.zeros(6)
        mujoco.mj_contactForce(model, data, index, force)
        # Forces act on the second geom; its frame's rows are the contact's axes.
        total += (1 if bodies[1] == banana else -1) * contact.frame.reshape(3, 3).T @ force[:3]
        normal["table" if other == 0 else model.body(other).name] += force[0]
    return normal, total


def test_both_fingers_carry_the_banana_by_contact_alone(lifted: tuple[Env, Episodes]) -> None:
    env, episodes = lifted
    model = env.simulator.model
    weight = Banana().mass * 9.81
    for index in np.flatnonzero(episodes.success_end)[:8]:
        normal, total = finger_forces(*data_of(env, int(index)))
        assert normal["table"] == 0
        assert min(normal["finger_left"], normal["finger_right"]) > 2.0
        assert max(normal["finger_left"], normal["finger_right"]) < 70.0, "the hand's own limit"
        np.testing.assert_allclose(total, [0, 0, weight], atol=0.2 * weight)
    fixed = {int(mujoco.mjtEq.mjEQ_WELD), int(mujoco.mjtEq.mjEQ_CONNECT)}
    assert not fixed & set(model.eq_type.tolist())
    assert not np.isin(model.body("object").id, model.eq_obj1id)


def test_the_grasp_does_not_creep_and_ends_when_the_gripper_opens(lifted: tuple[Env, Episodes]) -> None:
    env, episodes = lifted
    saved = env.state()
    held = episodes.success_end
    hold = torch.from_numpy(episodes.action[:, -1:].repeat(20, axis=1))
    objects = env.step_chunk(hold).objects[held, :, 0, :3]
    assert np.median(np.linalg.norm(objects[:, -1] - objects[:, 9], axis=-1)) < 2e-4, "m within a second"
    opened = hold.clone()
    opened[..., 9] = -1
    result = env.step_chunk(opened)
    assert not result.success[:, -1].any()
    np.testing.assert_array_less(result.objects[held, -1, 0, 2], 0.06)
    env.restore(saved)
