"""A printed board as part of a scene: a white plate with black rectangles, exact to any resolution, only to be seen."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.scenes.panda import VISUAL_GROUP

Array = NDArray[np.float64]
_PROUD = 2e-5  # m, by which ink stands out of the plate: nothing to a picture, enough to be drawn before it
_THICK = 0.004  # m


def add_board(
    spec: mujoco.MjSpec, body: mujoco.MjsBody, black: Array, size: tuple[float, float], body_T_board: Array,
    margin: float = 0.015,
) -> None:  # fmt: skip
    """Fix a board to `body`: its rectangles `black` (M, 4: x, y, width, height) on a plate of `size` (m), and `margin`
    more on each side. body_T_board (4, 4): origin at the pattern's top left corner, y down, z into the board."""
    vertices, faces = _blocks(black)
    spec.add_mesh(name="board_ink", uservert=vertices.ravel().tolist(), userface=faces.ravel().tolist())
    rotation, corner = body_T_board[:3, :3], body_T_board[:3, 3]
    quat = np.empty(4)
    mujoco.mju_mat2Quat(quat, rotation.ravel())
    look = {"quat": quat, "contype": 0, "conaffinity": 0, "mass": 0, "group": VISUAL_GROUP}
    dark = [0.03, 0.03, 0.03, 1.0]
    ink = body.add_geom(name="board_ink", type=mujoco.mjtGeom.mjGEOM_MESH, pos=corner, rgba=dark, **look)
    ink.meshname = "board_ink"
    middle = np.array([size[0] / 2, size[1] / 2, _PROUD + _THICK / 2])
    half = [size[0] / 2 + margin, size[1] / 2 + margin, _THICK / 2]
    body.add_geom(
        name="board_plate", type=mujoco.mjtGeom.mjGEOM_BOX, pos=corner + rotation @ middle, size=half,
        rgba=[0.95, 0.95, 0.95, 1], **look,
    )  # fmt: skip


def _blocks(black: Array) -> tuple[Array, NDArray[np.int64]]:
    """Vertices (8 M, 3) and triangles (12 M, 3) of a block for each rectangle, its upper face in the plane z = 0."""
    unit = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], dtype=np.float64)
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]  # seen from outside
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    depth = np.full(len(black), _PROUD + _THICK / 2)
    scale = np.stack([black[:, 2], black[:, 3], depth], axis=-1)
    start = np.stack([black[:, 0], black[:, 1], np.zeros(len(black))], axis=-1)
    vertices = (unit[None] * scale[:, None] + start[:, None]).reshape(-1, 3)
    return vertices, (triangles[None] + 8 * np.arange(len(black))[:, None, None]).reshape(-1, 3)
