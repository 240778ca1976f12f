"""Where an arm's joints put its flange, and which joints a tool's pose needs. FR3 and Panda share their links.

One pose at a time, for the control loop asks for a few of them in each period.
"""

from __future__ import annotations

import math
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
    # Plain numbers: for a single pose they are five times as fast as NumPy.
    px = py = pz = 0.0
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
    axes: list[tuple[float, ...]] = []
    for joint, (a, ca, sa, d) in zip(joints.tolist(), _ROWS, strict=True):
        yx, yy, yz, zx, zy, zz = (ca * yx + sa * zx, ca * yy + sa * zy, ca * yz + sa * zz,
                                  ca * zx - sa * yx, ca * zy - sa * yy, ca * zz - sa * yz)  # fmt: skip
        px, py, pz = px + a * xx + d * zx, py + a * xy + d * zy, pz + a * xz + d * zz
        c, s = math.cos(joint), math.sin(joint)
        xx, xy, xz, yx, yy, yz = (c * xx + s * yx, c * xy + s * yy, c * xz + s * yz,
                                  c * yx - s * xx, c * yy - s * xy, c * yz - s * xz)  # fmt: skip
        axes.append((zx, zy, zz, px, py, pz))
    position = np.array([px + _FLANGE * zx, py + _FLANGE * zy, pz + _FLANGE * zz])
    rotation = np.array([[xx, yx, zx], [xy, yy, zy], [xz, yz, zz]])
    if tool is not None:
        position, rotation = position + rotation @ tool.position, rotation @ tool.rotation
    tx, ty, tz = position.tolist()
    columns = [(ay * (tz - oz) - az * (ty - oy), az * (tx - ox) - ax * (tz - oz), ax * (ty - oy) - ay * (tx - ox),
                ax, ay, az) for ax, ay, az, ox, oy, oz in axes]  # fmt: skip
    return position, rotation, np.array(columns).T


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
