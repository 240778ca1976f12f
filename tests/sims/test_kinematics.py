"""The batched kinematics against the engine's own, and inverse kinematics over the workspace."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from expertgen.benchmarks import TASKS
from expertgen.benchmarks.tabletop import READY
from expertgen.geometry import rotation_log, rotation_z
from expertgen.scenes import panda_model as panda
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.kinematics import Kinematics

DOWN = np.diag([1.0, -1.0, -1.0])


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return build_tabletop("panda_hand", 0.005, TASKS["lift_banana"].add_objects)


def random_joints(count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(panda.JOINT_LOWER, panda.JOINT_UPPER, (count, 7))


def test_forward_kinematics_and_jacobian_agree_with_the_engine(model: mujoco.MjModel) -> None:
    data, kinematics, joints = mujoco.MjData(model), Kinematics(), random_joints(50)
    position, rotation = kinematics.forward(joints)
    jacobian = kinematics.jacobian(joints)
    hand = model.body("hand").id
    for i, q in enumerate(joints):
        data.qpos[:7] = q
        mujoco.mj_forward(model, data)
        frame = data.xmat[hand].reshape(3, 3)
        tool = data.xpos[hand] + panda.TCP_OFFSET * frame[:, 2]
        np.testing.assert_allclose(position[i], tool, atol=1e-6)
        np.testing.assert_allclose(rotation[i], frame, atol=1e-6)
        linear, angular = np.zeros((3, model.nv)), np.zeros((3, model.nv))
        mujoco.mj_jac(model, data, linear, angular, tool, hand)
        np.testing.assert_allclose(jacobian[i], np.concatenate([linear, angular])[:, :7], atol=1e-6)


def test_the_tool_point_lies_between_the_fingertips(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    data.qpos[:7] = READY
    mujoco.mj_forward(model, data)
    tips = np.mean([data.xpos[model.body(f"finger_{side}").id] for side in ("left", "right")], axis=0)
    position, rotation = Kinematics().forward(READY[None])
    offset = rotation[0].T @ (position[0] - tips)
    np.testing.assert_allclose(offset[:2], 0, atol=1e-6)
    assert 0.03 < offset[2] < 0.0535, "below the finger carriages, not below the tips"


def test_inverse_kinematics_finds_poses_over_the_whole_table() -> None:
    generator = np.random.default_rng(1)
    target = generator.uniform([0.35, -0.25, 0.01], [0.65, 0.25, 0.4], (200, 3))
    rotation = rotation_z(generator.uniform(-1.2, 1.2, 200)) @ DOWN
    kinematics = Kinematics()
    joints = kinematics.solve(np.tile(READY, (200, 1)), target, rotation)
    position, reached = kinematics.forward(joints)
    assert np.linalg.norm(position - target, axis=-1).max() < 1e-4
    assert np.linalg.norm(rotation_log(rotation @ reached.swapaxes(-1, -2)), axis=-1).max() < 1e-3
    assert (joints >= panda.JOINT_LOWER).all() and (joints <= panda.JOINT_UPPER).all()


def test_an_unreachable_pose_is_approached_in_small_steps_within_limits() -> None:
    joints, kinematics = READY[None], Kinematics()
    for _ in range(30):
        after = kinematics.inverse_step(joints, np.array([[3.0, 0.0, 3.0]]), DOWN[None], iterations=1)
        assert np.abs(after - joints).max() <= 0.25 + 1e-12
        assert (after >= panda.JOINT_LOWER).all() and (after <= panda.JOINT_UPPER).all()
        joints = after


def test_an_environment_s_solution_does_not_depend_on_its_batch() -> None:
    joints = random_joints(8)
    position, rotation = Kinematics().forward(random_joints(9)[1:])
    whole = Kinematics().inverse_step(joints, position, rotation)
    single = [Kinematics().inverse_step(joints[i : i + 1], position[i : i + 1], rotation[i : i + 1]) for i in range(8)]
    np.testing.assert_array_equal(whole, np.concatenate(single))
