"""Where the tool is for joints that the controller thinks of, not only those that the world has."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.emulation.world import World
from expertgen.geometry import rotation_log
from expertgen.scenes import panda_model as panda

Array = NDArray[np.float64]
_DAMPING = 1e-3  # of the inverse: keeps a singular pose tame, and is no matter elsewhere
_ELBOW = 2  # the joint whose position Franka calls the elbow's


class Kinematics:
    """The tool is the client's end effector: the nominal one, between the fingertips, then `set_NE_T_EE`'s.

    It also holds what a client may set of the tool and its load, as franky-sim's robots do.
    """

    def __init__(self, world: World) -> None:
        self._model, self._data = world.model, mujoco.MjData(world.model)
        self._world, self._hand = world, world.layout.hand_body
        c, s = np.cos(panda.HAND_YAW), np.sin(panda.HAND_YAW)
        self.F_T_NE = np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, world.layout.gripper.tcp_offset], [0, 0, 0, 1]])
        self.NE_T_EE, self.EE_T_K = np.eye(4), np.eye(4)
        self.load = 0.0
        self.load_com: tuple[float, ...] = (0.0,) * 3
        self.load_inertia: tuple[float, ...] = (0.0,) * 9

    def set_NE_T_EE(self, values: tuple[float, ...]) -> None:
        """16 numbers, column by column."""
        self.NE_T_EE = np.array(values).reshape(4, 4).T

    def set_EE_T_K(self, values: tuple[float, ...]) -> None:
        self.EE_T_K = np.array(values).reshape(4, 4).T

    def set_load(self, mass: float, com: tuple[float, ...], inertia: tuple[float, ...]) -> None:
        self.load, self.load_com, self.load_inertia = mass, com, inertia

    def tool(self, joints: Array) -> tuple[Array, Array]:
        """(7,) rad → pose (4, 4) of the end effector and its Jacobian (6, 7), base frame."""
        data, layout = self._data, self._world.layout
        data.qpos[:] = self._world.data.qpos
        data.qpos[layout.arm_qpos] = joints
        mujoco.mj_kinematics(self._model, data)
        mujoco.mj_comPos(self._model, data)
        hand = np.eye(4)
        hand[:3, :3], hand[:3, 3] = data.xmat[self._hand].reshape(3, 3), data.xpos[self._hand]
        # The scene's hand is turned as the nominal end effector is.
        pose = hand @ _along_z(layout.gripper.tcp_offset) @ self.NE_T_EE
        line, turn = np.empty((3, self._model.nv)), np.empty((3, self._model.nv))
        mujoco.mj_jac(self._model, data, line, turn, pose[:3, 3], self._hand)
        return pose, np.concatenate([line[:, self._world.arm], turn[:, self._world.arm]])

    def towards(self, joints: Array, pose: Array, elbow: float | None, iterations: int = 3) -> Array:
        """Joints (7,) near `joints` that put the tool at `pose` (4, 4), the third at `elbow` rad if given."""
        for _ in range(iterations):
            now, jacobian = self.tool(joints)
            error = np.concatenate([pose[:3, 3] - now[:3, 3], rotation_log(pose[:3, :3] @ now[:3, :3].T)])
            if elbow is not None:
                row = np.zeros(7)
                row[_ELBOW] = 1.0
                jacobian, error = np.vstack([jacobian, row]), np.append(error, elbow - joints[_ELBOW])
            regular = _DAMPING**2 * np.eye(len(error))
            joints = joints + jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + regular, error)
            if np.abs(error).max() < 1e-9:
                break
        return joints


def _along_z(distance: float) -> Array:
    pose = np.eye(4)
    pose[2, 3] = distance
    return pose


def turned(rotation: Array, vector: Array) -> Array:
    """`rotation` (3, 3), then by `vector` (3,) rad about the base frame's axes."""
    quat, matrix, angle = np.empty(4), np.empty(9), float(np.linalg.norm(vector))
    mujoco.mju_axisAngle2Quat(quat, vector / max(angle, 1e-15), angle)
    mujoco.mju_quat2Mat(matrix, quat)
    return matrix.reshape(3, 3) @ rotation


def wrench_of(jacobian: Array, torques: Array) -> Array:
    """The wrench (6,) at the tool that joint torques (7,) Nm stand for; zeros near a singularity."""
    squared = jacobian @ jacobian.T
    if np.linalg.det(squared) < 1e-9:
        return np.zeros(6)
    return np.asarray(np.linalg.solve(squared, jacobian @ torques), dtype=np.float64)
