"""Forward kinematics, Jacobian and damped-least-squares inverse kinematics of the Panda, in batches.

All poses are of the tool centre point between the fingertips, in the robot's base frame, SI units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.geometry import rotation_log
from expertgen.scenes import panda_model as panda

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Kinematics:
    """Arm with a tool: `tcp_offset` in m along z of the flange-mounted hand, `hand_yaw` in rad."""

    tcp_offset: float = panda.TCP_OFFSET
    hand_yaw: float = panda.HAND_YAW

    def forward(self, q: Array) -> tuple[Array, Array]:
        """(B, 7) joint positions in rad → position (B, 3) in m and rotation (B, 3, 3)."""
        _, _, rotation, position = self._chain(q)
        return position, rotation

    def jacobian(self, q: Array) -> Array:
        """(B, 7) → (B, 6, 7) geometric Jacobian: linear rows (m/rad), then angular rows, base frame."""
        axes, origins, _, position = self._chain(q)
        return np.concatenate([np.cross(axes, position[:, None] - origins), axes], axis=-1).swapaxes(-1, -2)

    def _chain(self, q: Array) -> tuple[Array, Array, Array, Array]:
        batch = q.shape[0]
        rotation, position = np.broadcast_to(np.eye(3), (batch, 3, 3)), np.zeros((batch, 3))
        axes, origins = np.empty((batch, 7, 3)), np.empty((batch, 7, 3))
        cosine, sine = np.cos(q), np.sin(q)
        for joint, (a, alpha, d) in enumerate(panda.DH):
            ca, sa = np.cos(alpha), np.sin(alpha)
            x, y, z = rotation[..., 0], rotation[..., 1], rotation[..., 2]
            y, z = ca * y + sa * z, ca * z - sa * y
            position = position + a * x + d * z
            c, s = cosine[:, joint, None], sine[:, joint, None]
            x, y = c * x + s * y, c * y - s * x
            rotation = np.stack([x, y, z], axis=-1)
            axes[:, joint], origins[:, joint] = z, position
        position = position + (panda.FLANGE_OFFSET + self.tcp_offset) * rotation[..., 2]
        c, s = np.cos(self.hand_yaw), np.sin(self.hand_yaw)
        x, y, z = rotation[..., 0], rotation[..., 1], rotation[..., 2]
        return axes, origins, np.stack([c * x + s * y, c * y - s * x, z], axis=-1), position

    def inverse_step(
        self, q: Array, position: Array, rotation: Array, iterations: int = 2, damping: float = 0.03,
        max_step: float = 0.25,
    ) -> Array:
        """Move joint positions (B, 7) towards tool poses by damped least squares, within joint limits.

        `damping` weighs joint motion against pose error, which keeps singular poses tame; each iteration
        moves a joint by at most `max_step` rad, so an unreachable target is approached, never jumped at.
        """
        regular = damping**2 * np.eye(6)
        for _ in range(iterations):
            axes, origins, now_rotation, now = self._chain(q)
            jac = np.concatenate([np.cross(axes, now[:, None] - origins), axes], axis=-1).swapaxes(-1, -2)
            error = np.concatenate(
                [position - now, rotation_log(rotation @ now_rotation.swapaxes(-1, -2))], axis=-1
            )
            weights = np.linalg.solve(jac @ jac.swapaxes(-1, -2) + regular, error[..., None])
            step = (jac.swapaxes(-1, -2) @ weights)[..., 0]
            scale = np.minimum(1.0, max_step / np.maximum(np.abs(step).max(-1, keepdims=True), 1e-12))
            q = np.clip(q + scale * step, panda.JOINT_LOWER, panda.JOINT_UPPER)
        return q

    def solve(self, q: Array, position: Array, rotation: Array, iterations: int = 60) -> Array:
        """Inverse kinematics for resets and planning, from the guess q (B, 7)."""
        return self.inverse_step(q, position, rotation, iterations=iterations)
