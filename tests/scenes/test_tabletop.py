"""The scene: what touches what, and that nothing in it is glued."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from expertgen.errors import InvalidParameter
from expertgen.scenes import panda_model as panda
from expertgen.scenes.banana import Banana, add_banana, tube_mesh
from expertgen.scenes.panda import COLLISION_GROUP
from expertgen.scenes.tabletop import build_tabletop


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return build_tabletop("panda_hand", 0.005, add_banana)


def test_the_only_constraint_couples_the_two_fingers(model: mujoco.MjModel) -> None:
    assert model.neq == 1
    assert model.eq_type[0] == mujoco.mjtEq.mjEQ_JOINT
    names = {model.joint(int(i)).name for i in (model.eq_obj1id[0], model.eq_obj2id[0])}
    assert names == {"finger_left", "finger_right"}
    assert model.ntendon == 0 and model.nmocap == 0
    assert (model.actuator_trntype == int(mujoco.mjtTrn.mjTRN_JOINT)).all(), "joint servos, no adhesion"
    assert model.body_parentid[model.body("object").id] == 0
    assert model.jnt_type[model.body("object").jntadr[0]] == mujoco.mjtJoint.mjJNT_FREE


def test_an_unknown_robot_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidParameter, match=r"simulation\.robot.*'panda_foot'.*panda_hand"):
        build_tabletop("panda_foot", 0.005, add_banana)


def test_limits_and_gains_are_the_published_arm_s(model: mujoco.MjModel) -> None:
    np.testing.assert_allclose(model.jnt_range[:7], np.stack([panda.JOINT_LOWER, panda.JOINT_UPPER], -1))
    np.testing.assert_allclose(model.actuator_forcerange[:7, 1], panda.TORQUE_LIMIT)
    assert model.opt.timestep == 0.005
    assert [model.actuator(i).name for i in range(8)] == [*(f"joint{i}" for i in range(1, 8)), "gripper"]


def test_what_is_seen_is_not_what_is_touched(model: mujoco.MjModel) -> None:
    banana = np.flatnonzero(model.geom_bodyid == model.body("object").id)
    touching = banana[model.geom_contype[banana] != 0]
    seen = banana[model.geom_group[banana] != COLLISION_GROUP]
    assert len(touching) == 5 and len(seen) == 1 and not set(touching) & set(seen)
    for link in range(1, 8):
        geoms = model.geom_bodyid == model.body(f"link{link}").id
        assert not model.geom_contype[geoms].any() and not model.geom_conaffinity[geoms].any()
    assert model.body("object").mass[0] == pytest.approx(Banana().mass)


def test_the_arm_holds_its_pose_without_a_command_to_move(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    data.qpos[:7] = data.ctrl[:7] = panda.HOME
    data.qpos[7:9] = data.ctrl[7] = panda.FINGER_TRAVEL
    mujoco.mj_step(model, data, 400)
    np.testing.assert_allclose(data.qpos[:7], panda.HOME, atol=2e-3)


def test_a_banana_lies_still_on_the_table(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    data.qpos[:7] = data.ctrl[:7] = panda.HOME
    mujoco.mj_step(model, data, 200)
    before = data.body("object").xpos.copy()
    mujoco.mj_step(model, data, 1000)
    assert np.linalg.norm(data.body("object").xpos - before) < 1e-4
    assert 0.9 * Banana().radius < before[2] < 1.05 * Banana().radius


def test_the_banana_s_skin_is_closed_and_faces_outward() -> None:
    vertices, faces = tube_mesh(Banana())
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    assert len(np.unique(edges, axis=0)) == len(edges), "each edge once in each direction"
    assert {tuple(e) for e in edges} == {tuple(e[::-1]) for e in edges}
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    volume = np.einsum("ij,ij->", a, np.cross(b, c)) / 6
    shape = Banana()
    tube = np.pi * shape.radius**2 * shape.bend * shape.angle
    assert 0.7 * tube < volume < tube


def test_the_banana_s_frame_is_the_centre_of_its_box() -> None:
    vertices, _ = tube_mesh(Banana())
    np.testing.assert_allclose((vertices.max(0) + vertices.min(0)) / 2, 0, atol=2e-3)
    assert np.ptp(vertices[:, 0]) > np.ptp(vertices[:, 1]) > np.ptp(vertices[:, 2])
