"""The Panda arm as MjSpec, generated from published constants: capsules to look at, servos at the joints.

The arm's links carry no collision geometry: the hand and fingers do, and nothing else of the arm comes
near the table in these tasks. That halves the collision pairs.
"""

from __future__ import annotations

import mujoco
import numpy as np

from expertgen.scenes import panda_model as model

WHITE, DARK = [0.92, 0.93, 0.95, 1.0], [0.22, 0.23, 0.25, 1.0]
VISUAL_GROUP, COLLISION_GROUP = 1, 3

# Capsules (from, to, radius) in m in each link's frame, to look like the arm.
_SHELLS = [
    [((0, 0, -0.19), (0, 0, 0.0), 0.065), ((0, -0.03, 0), (0, 0.03, 0), 0.068)],
    [((0, 0, -0.04), (0, 0, 0.05), 0.062), ((0, -0.13, 0), (0, 0, 0), 0.058)],
    [((0, 0, -0.12), (0, 0, 0.0), 0.06), ((0, 0, 0), (0.0825, 0, 0), 0.056)],
    [((0, 0, -0.04), (0, 0, 0.04), 0.058), ((-0.0825, 0.02, 0), (-0.0825, 0.13, 0), 0.054)],
    [((0, 0, -0.24), (0, 0.03, -0.15), 0.052), ((0, 0.06, -0.12), (0, 0.05, 0.0), 0.04)],
    [((0, 0, -0.03), (0, 0, 0.03), 0.052), ((0.088, 0, 0), (0.04, 0, 0), 0.046)],
    [((0, 0, 0.0), (0, 0, 0.075), 0.043)],
]


def add_panda(spec: mujoco.MjSpec) -> mujoco.MjsBody:
    """Add the arm at the world's origin with its seven position servos; returns the flange's body.

    Servos are named joint1 ... joint7, as the joints, and are the first seven actuators.
    """
    base = spec.worldbody.add_body(name="link0")
    _capsule(base, (-0.09, 0, 0.05), (0, 0, 0.05), 0.06, WHITE)
    _capsule(base, (0, 0, 0.05), (0, 0, 0.12), 0.068, WHITE)
    body = base
    for index, ((a, alpha, d), (mass, com, inertia)) in enumerate(zip(model.DH, model.LINKS, strict=True)):
        half = alpha / 2
        # Craig's frame: the offset d lies along the turned z axis.
        offset = np.array([a, -np.sin(alpha) * d, np.cos(alpha) * d])
        body = body.add_body(
            name=f"link{index + 1}", pos=offset, quat=[np.cos(half), np.sin(half), 0, 0], mass=mass,
            ipos=com, fullinertia=inertia, explicitinertial=True, gravcomp=1,
        )
        name = f"joint{index + 1}"
        limits = [model.JOINT_LOWER[index], model.JOINT_UPPER[index]]
        body.add_joint(name=name, axis=[0, 0, 1], range=limits, armature=model.ARMATURE)
        for start, end, radius in _SHELLS[index]:
            _capsule(body, start, end, radius, DARK if index == 6 else WHITE)
        torque = model.TORQUE_LIMIT[index]
        _servo(spec, name, model.STIFFNESS[index], model.DAMPING[index], limits, torque)
    yaw = model.HAND_YAW / 2
    return body.add_body(
        name="hand", pos=[0, 0, model.FLANGE_OFFSET], quat=[np.cos(yaw), 0, 0, np.sin(yaw)], gravcomp=1,
    )


def _servo(spec: mujoco.MjSpec, joint: str, kp: float, kv: float, limits: list, force: float) -> None:
    spec.add_actuator(
        name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED, biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=[kp] + [0] * 9, biasprm=[0, -kp, -kv] + [0] * 7,
        ctrlrange=limits, ctrllimited=True, forcerange=[-force, force], forcelimited=True,
    )


def _capsule(body: mujoco.MjsBody, start: tuple, end: tuple, radius: float, rgba: list) -> None:
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[*start, *end], size=[radius, 0, 0], rgba=rgba,
        contype=0, conaffinity=0, group=VISUAL_GROUP, mass=0,
    )
