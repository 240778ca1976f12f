"""Where arm, gripper and objects lie in the engine's vectors; the one place that knows a gripper's coordinates."""

from __future__ import annotations

import mujoco
import numpy as np

from expertgen.scenes import panda_model as panda
from expertgen.sims.interface import Array


class SceneLayout:
    """Indices into qpos and ctrl of a scene made by `scenes.tabletop`; openings of a finger in m."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self.arm_qpos = np.array([model.joint(f"joint{i}").qposadr[0] for i in range(1, 8)])
        self.arm_ctrl = np.array([model.actuator(f"joint{i}").id for i in range(1, 8)])
        self.gripper_ctrl = int(model.actuator("gripper").id)
        self.finger_qpos = np.array([model.joint(n).qposadr[0] for n in ("finger_left", "finger_right")])
        free = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE]
        self.object_qpos = np.array([np.arange(7) + model.jnt_qposadr[j] for j in free], dtype=np.int64)
        self.object_bodies = np.array([model.jnt_bodyid[j] for j in free], dtype=np.int64)
        self.fingers_open = panda.FINGER_TRAVEL

    def finger_openings(self, qpos: Array) -> Array:
        """(..., nq) → (..., 2) opening of each finger, m."""
        return qpos[..., self.finger_qpos]

    def finger_coordinates(self, openings: Array) -> Array:
        """(n, 2) openings in m → joint coordinates of the gripper."""
        return openings

    def gripper_command(self, opening: Array) -> Array:
        """Opening of one finger in m → the gripper actuator's control."""
        return opening
