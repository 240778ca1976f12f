"""Where arm, gripper and objects lie in the engine's vectors."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.sims.grippers import gripper_of

Array = NDArray[np.float64]
SLIDE = "slide"  # the joint of an articulated object's part


class SceneLayout:
    """Indices into qpos and ctrl of a scene made by `scenes.tabletop`, and its gripper's coordinates."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self.arm_qpos = np.array([model.joint(f"joint{i}").qposadr[0] for i in range(1, 8)])
        self.arm_ctrl = np.array([model.actuator(f"joint{i}").id for i in range(1, 8)])
        self.gripper_ctrl = int(model.actuator("gripper").id)
        self.gripper = gripper_of(model)
        self.hand_body = int(model.body("hand").id)
        free = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE]
        self.object_qpos = np.array([np.arange(7) + model.jnt_qposadr[j] for j in free], dtype=np.int64)
        self.object_bodies = np.array([model.jnt_bodyid[j] for j in free], dtype=np.int64)
        # An articulated object: its base is moved about as a mocap body, its part slides along the base's x axis.
        self.articulated = model.nmocap == 1
        self.slide_qpos = int(model.joint(SLIDE).qposadr[0]) if self.articulated else -1
        self.num_objects = len(free) + 2 * self.articulated

    def controls(self, last: Array, joint_targets: Array, gripper: Array, substeps: int) -> Array:
        """(B, S, 7) rad and (B, S) m, after the controls `last` (B, nu) → (B, S * substeps, nu); joints ramp
        linearly within each control step, the gripper switches.

        Without the ramp each control step starts with a jerk, and contacts cost a fifth more.
        """
        batch, steps, _ = joint_targets.shape
        before = np.concatenate([last[:, None, self.arm_ctrl], joint_targets[:, :-1]], axis=1)
        share = (np.arange(substeps) + 1.0) / substeps
        with np.errstate(invalid="ignore"):  # the simulator's health tells of a target that is not finite
            ramp = before[:, :, None] + share[:, None] * (joint_targets - before)[:, :, None]
        control = np.zeros((batch, steps * substeps, last.shape[-1]))
        control[..., self.arm_ctrl] = ramp.reshape(batch, -1, 7)
        control[..., self.gripper_ctrl] = np.repeat(self.gripper.command(gripper), substeps, axis=1)
        return control
