"""Where an arm's joints put its flange, and which joints a tool's pose needs. FR3 and Panda share their links.

One pose at a time and in NumPy alone, for the control loop asks for a few of them in each period.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expertgen.geometry import rotation_log
from expertgen.robots.robot import Array

# Modified Denavit-Hartenberg rows (a, cos alpha, sin alpha, d) of Craig; the last is the flange.
_ROWS = (
    (0.0, 1.0, 0.0, 0.333), (0.0, 0.0, -1.0, 0.0), (0.0, 0.0, 1.0, 0.316), (0.0825, 0.0, 1.0, 0.0),
    (-0.0825, 0.0, -1.0, 0.384), (0.0, 0.0, 1.0, 0.0), (0.088, 0.0, 1.0, 0.0),
)  # fmt: skip
_FLANGE = 0.107  # m
_DAMPING = 1e-4 * np.eye(6)  # lets a singular pose be approached without leaps
_CLOSE = np.array([5e-4, 2e-3])  # m, rad: near enough to stop


@dataclass(frozen=True)
class Tool:
    """The tool's pose in the flange's frame: position (3,) m, rotation (3, 3)."""

    position: Array
    rotation: Array


@dataclass(frozen=True)
class Solution:
    """joints (7,) rad, unclipped; how far from the pose asked for, m and rad; singularity: the smallest singular value
    of the tool's Jacobian there."""

    joints: Array
    position_error: float
    rotation_error: float
    singularity: float


def forward(joints: Array, tool: Tool | None = None) -> tuple[Array, Array, Array]:
    """joints (7,) rad → position (3,) m, rotation (3, 3) and Jacobian (6, 7) of the tool, base frame; without `tool` of
    the flange."""
    rotation, position = np.eye(3), np.zeros(3)
    axes, origins = np.empty((7, 3)), np.empty((7, 3))
    cosines, sines = np.cos(joints), np.sin(joints)
    for i, (a, ca, sa, d) in enumerate(_ROWS):
        x, y, z = rotation.T
        y, z = ca * y + sa * z, ca * z - sa * y
        position = position + a * x + d * z
        c, s = cosines[i], sines[i]
        rotation = np.stack([c * x + s * y, c * y - s * x, z], axis=-1)
        axes[i], origins[i] = z, position
    position = position + _FLANGE * rotation[:, 2]
    if tool is not None:
        position, rotation = position + rotation @ tool.position, rotation @ tool.rotation
    jacobian = np.concatenate([np.cross(axes, position - origins), axes], axis=1).T
    return position, rotation, jacobian


def tool_of(joints: Array, position: Array, rotation: Array) -> Tool:
    """The tool whose pose (3,), (3, 3) an arm with these joints (7,) reports."""
    flange, turn, _ = forward(joints)
    return Tool(turn.T @ (position - flange), turn.T @ rotation)


def solve(joints: Array, position: Array, rotation: Array, tool: Tool, iterations: int = 6) -> Solution:
    """Joints near `joints` (7,) that bring the tool to a pose: damped Newton steps, each the shortest in joint space.

    Limits are not heeded: whoever asks is to see that they would be broken.
    """
    joints = np.array(joints, dtype=np.float64)
    for _ in range(iterations):
        now, turn, jacobian = forward(joints, tool)
        error = np.concatenate([position - now, rotation_log(rotation @ turn.T)])
        far = np.array([np.linalg.norm(error[:3]), np.linalg.norm(error[3:])])
        if (far < _CLOSE).all():
            break
        joints = joints + jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + _DAMPING, error)
    now, turn, jacobian = forward(joints, tool)
    smallest = float(np.linalg.svd(jacobian, compute_uv=False)[-1])
    far = np.array([np.linalg.norm(position - now), np.linalg.norm(rotation_log(rotation @ turn.T))])
    return Solution(joints, float(far[0]), float(far[1]), smallest)
