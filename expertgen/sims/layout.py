"""Where arm, gripper and objects lie in the engine's vectors."""

from __future__ import annotations

import mujoco
import numpy as np

from expertgen.sims.grippers import gripper_of


class SceneLayout:
    """Indices into qpos and ctrl of a scene made by `scenes.tabletop`, and its gripper's coordinates."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self.arm_qpos = np.array([model.joint(f"joint{i}").qposadr[0] for i in range(1, 8)])
        self.arm_ctrl = np.array([model.actuator(f"joint{i}").id for i in range(1, 8)])
        self.gripper_ctrl = int(model.actuator("gripper").id)
        self.gripper = gripper_of(model)
        free = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE]
        self.object_qpos = np.array([np.arange(7) + model.jnt_qposadr[j] for j in free], dtype=np.int64)
        self.object_bodies = np.array([model.jnt_bodyid[j] for j in free], dtype=np.int64)
