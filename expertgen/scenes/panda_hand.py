"""The Panda's two-finger hand: coupled fingers, a stiff position servo, box fingertips."""

from __future__ import annotations

import mujoco

from expertgen.scenes import panda_model as model
from expertgen.scenes.panda import COLLISION_GROUP, DARK, VISUAL_GROUP, WHITE

# 1000 N/m closes a 34 mm object with about 20 N a finger, of the hand's 70 N: measured to hold a banana
# where 100 N/m drops it.
GRIP_STIFFNESS, GRIP_DAMPING, GRIP_FORCE = 2000.0, 60.0, 70.0
FINGER_FRICTION = [1.0, 0.01, 0.0001]


def add_panda_hand(spec: mujoco.MjSpec, hand: mujoco.MjsBody) -> None:
    """Add palm, fingers and the gripper's servo (actuator `gripper`: opening of one finger, m)."""
    hand.mass, hand.ipos, hand.fullinertia = model.HAND_MASS, model.HAND_COM, model.HAND_INERTIA
    hand.explicitinertial = True
    _box(hand, (0, 0, 0.035), (0.018, 0.1, 0.032), WHITE, collide=True)
    for side, name in ((1.0, "finger_left"), (-1.0, "finger_right")):
        finger = hand.add_body(name=name, pos=[0, 0, model.FINGER_OFFSET], gravcomp=1)
        finger.add_joint(
            name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, side, 0], range=[0, model.FINGER_TRAVEL],
            armature=0.1, damping=5.0,
        )
        _box(finger, (0, side * 0.012, 0.012), (0.0105, 0.012, 0.014), DARK, mass=model.FINGER_MASS / 2)
        _box(finger, (0, side * 0.006, 0.039), (0.0105, 0.006, 0.0145), DARK, True, model.FINGER_MASS / 2)
    # The real fingers share one motor: what one does, the other mirrors.
    spec.add_equality(
        name="fingers", type=mujoco.mjtEq.mjEQ_JOINT, name1="finger_left", name2="finger_right",
        objtype=mujoco.mjtObj.mjOBJ_JOINT, data=[0, 1] + [0] * (mujoco.mjNEQDATA - 2),
        solref=[0.01, 1], solimp=[0.95, 0.99, 0.001, 0.5, 2],
    )
    spec.add_actuator(
        name="gripper", target="finger_left", trntype=mujoco.mjtTrn.mjTRN_JOINT,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED, biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=[GRIP_STIFFNESS] + [0] * 9, biasprm=[0, -GRIP_STIFFNESS, -GRIP_DAMPING] + [0] * 7,
        ctrlrange=[0, model.FINGER_TRAVEL], ctrllimited=True, forcerange=[-GRIP_FORCE, GRIP_FORCE],
        forcelimited=True,
    )


def _box(
    body: mujoco.MjsBody, pos: tuple, size: tuple, rgba: list, collide: bool = False, mass: float = 0.0
) -> None:
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, pos=pos, size=size, rgba=rgba, mass=mass, group=VISUAL_GROUP,
        contype=1 if collide else 0, conaffinity=2 if collide else 0, condim=4, friction=FINGER_FRICTION,
    )


__all__ = ["COLLISION_GROUP", "add_panda_hand"]
