"""A bowl: turned to look at, a floor and eight wall panels to touch."""

from __future__ import annotations

import mujoco
import numpy as np

from expertgen.scenes.lathe import lathe_mesh
from expertgen.scenes.rigid import STANDING, add_free_body, add_shape, add_skin

# The YCB set's bowl (Calli et al. 2015, table I): 159 mm across, 53 mm high, 147 g. Walls are thicker than its 2 mm,
# so that nothing gets through.
RADIUS, FOOT, HEIGHT, WALL, MASS, FRICTION = 0.0795, 0.040, 0.053, 0.006, 0.147, 0.5
PANELS = 8
REST = 0.0  # m, of the frame's origin, which is in the middle of the foot, above the table


def add_bowl(spec: mujoco.MjSpec, name: str) -> None:
    """Add a free bowl, opening upward."""
    body = add_free_body(spec, name, REST)
    floor = mujoco.mjtGeom.mjGEOM_CYLINDER
    add_shape(
        body, floor, [FOOT, WALL / 2, 0], 0.3 * MASS, FRICTION, touches=STANDING, pos=[0, 0, WALL / 2]
    )
    lean = np.arctan2(RADIUS - FOOT, HEIGHT)
    length = np.hypot(RADIUS - FOOT, HEIGHT)
    for turn in np.linspace(0, 2 * np.pi, PANELS, endpoint=False):
        middle = (RADIUS + FOOT) / 2 - WALL / 2
        quat = np.empty(4)
        about_z, about_y = [np.cos(turn / 2), 0, 0, np.sin(turn / 2)], [np.cos(lean / 2), 0, np.sin(lean / 2), 0]
        mujoco.mju_mulQuat(quat, np.array(about_z), np.array(about_y))
        add_shape(
            body, mujoco.mjtGeom.mjGEOM_BOX, [WALL / 2, np.tan(np.pi / PANELS) * middle * 1.15, length / 2],
            0.7 * MASS / PANELS, FRICTION, touches=STANDING,
            pos=[middle * np.cos(turn), middle * np.sin(turn), HEIGHT / 2], quat=quat,
        )
    add_skin(spec, body, f"{name}_skin", lathe_mesh(_profile(), sides=40), [0.36, 0.52, 0.66, 1])


def _profile() -> np.ndarray:
    """(P, 2) from the middle of the foot up the outside, over the rim and down the inside."""
    s = np.linspace(0, 1, 12)
    outside = np.stack([FOOT + (RADIUS - FOOT) * np.sin(s * np.pi / 2), HEIGHT * s**1.3], axis=-1)
    inside = outside[::-1] + np.array([-WALL / 2, 0.0])
    inside[:, 1] = np.maximum(inside[:, 1], WALL)
    return np.concatenate([[[1e-4, 0.0]], outside, inside, [[1e-4, WALL]]])
