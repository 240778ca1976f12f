"""Draws what the cameras of one dressed scene see: colour, depth, or both, and nothing that was not asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.params import VisionParams
from expertgen.sims.layout import SceneLayout
from expertgen.vision.canvas import Canvas, open_canvas
from expertgen.vision.dresser import Dresser
from expertgen.vision.look import Look
from expertgen.vision.scene import build_scene

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Views:
    """What C cameras see: colour (C, H, W, 3) uint8 and depth (C, H, W) float32 m along the optical axis, each None
    if it was not asked for; where the cameras stand: place (C, 3) m and turn (C, 4) wxyz, base frame; fovy (C,) deg."""

    colour: NDArray[np.uint8] | None
    depth: NDArray[np.float32] | None
    place: Array
    turn: Array
    fovy: Array


class Painter:
    """Draws one environment after the other. Close it: graphics contexts are not freed safely at interpreter exit.

    `backend`: egl, ray (no OpenGL), or None for EGL where it works.
    """

    def __init__(
        self, robot: str, add_objects: Callable[[mujoco.MjSpec], object], params: VisionParams,
        backend: str | None = None,
    ) -> None:
        self.params = params
        self.model = build_scene(robot, add_objects, params)
        self.data = mujoco.MjData(self.model)
        self.layout, self.dresser = SceneLayout(self.model), Dresser(self.model, params)
        self.canvas: Canvas = open_canvas(self.model, params.width, params.height, backend)

    def draw(
        self, look: Look, start: Array, joints: Array, fingers: Array, objects: Array, colour: bool, depth: bool
    ) -> Views:
        """The scene in the state joints (7,) rad, fingers (2,) m openings and objects (O, 7), dressed as `look`;
        `start` (O, 7) is where its objects stood at first."""
        self.dresser.put_on(look, start)
        self.canvas.upload(self.dresser.meshes)
        self._pose(joints, fingers, objects)
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        seen = [self.canvas.draw(self.data, int(camera), colour, depth) for camera in self.dresser.parts.cameras]
        place, turn = self.dresser.camera_poses()
        return Views(
            np.stack([image for image, _ in seen]) if colour else None,  # type: ignore[misc]
            np.stack([far for _, far in seen]) if depth else None,  # type: ignore[misc]
            place, turn, look.fovy.copy(),
        )

    def _pose(self, joints: Array, fingers: Array, objects: Array) -> None:
        layout, data = self.layout, self.data
        data.qpos[layout.arm_qpos] = joints
        data.qpos[layout.gripper.joints] = layout.gripper.coordinates(fingers[None])[0]
        data.qpos[layout.object_qpos.ravel()] = objects[: len(layout.object_qpos)].ravel()
        if layout.articulated:
            base, part = objects[-2], objects[-1]
            data.mocap_pos[0], data.mocap_quat[0] = base[:3], base[3:]
            axis = np.empty(3)
            mujoco.mju_rotVecQuat(axis, np.array([1.0, 0.0, 0.0]), base[3:])
            data.qpos[layout.slide_qpos] = (part[:3] - base[:3]) @ axis

    def close(self) -> None:
        """Free the graphics context."""
        self.canvas.close()

    def __enter__(self) -> Painter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
