"""Drawing surfaces: OpenGL through EGL, or rays on the CPU where there is no OpenGL."""

from __future__ import annotations

import os
from typing import Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.scenes.panda import COLLISION_GROUP, VISUAL_GROUP
from expertgen.sims.render import _egl_works as egl_works
from expertgen.vision.pinhole import Pinhole

Drawn = tuple[NDArray[np.uint8] | None, NDArray[np.float32] | None]
_MAX_GEOMS = 400
_SKY = np.array([0.82, 0.88, 0.94])


class Canvas(Protocol):
    """Draws the model it was opened with, as that now stands."""

    def draw(self, data: mujoco.MjData, camera: int, colour: bool, depth: bool) -> Drawn:
        """(H, W, 3) uint8 and (H, W) float32 m along the optical axis, inf where nothing is; None if not asked for."""

    def upload(self, meshes: list[int]) -> None:
        """Take the changed vertices of these meshes."""

    def close(self) -> None:
        """Free what it holds."""


def open_canvas(model: mujoco.MjModel, width: int, height: int, backend: str | None = None) -> Canvas:
    """`backend`: egl, ray, or None for EGL where it works."""
    chosen = backend or ("egl" if egl_works() else "ray")
    return GlCanvas(model, width, height) if chosen == "egl" else RayCanvas(model, width, height)


class GlCanvas:
    """MuJoCo's renderer without what costs a software rasteriser most: shadows, multisampling, reflections, sky."""

    def __init__(self, model: mujoco.MjModel, width: int, height: int) -> None:
        self.model, self.height, self.width = model, height, width
        visual = model.vis
        visual.quality.shadowsize, visual.quality.offsamples = 0, 0
        # Round shapes of fewer faces: at these resolutions no pixel differs that a camera's noise would not hide.
        visual.quality.numslices, visual.quality.numstacks, visual.quality.numquads = 14, 6, 2
        visual.global_.offwidth, visual.global_.offheight = width, height
        visual.map.znear = 0.05 / model.stat.extent
        visual.map.zfar = 12.0 / model.stat.extent
        self._near, self._far = 0.05, 12.0
        # Work is shared out among processes, each of which draws in its own thread; no pixel depends on it.
        os.environ.setdefault("LP_NUM_THREADS", "0")
        self._gl = mujoco.GLContext(width, height)
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._scene, self._option = mujoco.MjvScene(model, _MAX_GEOMS), mujoco.MjvOption()
        self._option.geomgroup[COLLISION_GROUP] = 0
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION,
                     mujoco.mjtRndFlag.mjRND_SKYBOX, mujoco.mjtRndFlag.mjRND_HAZE):  # fmt: skip
            self._scene.flags[flag] = 0
        self._camera, self._rect = mujoco.MjvCamera(), mujoco.MjrRect(0, 0, width, height)
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._image = np.empty((height, width, 3), dtype=np.uint8)
        self._depth = np.empty((height, width), dtype=np.float32)

    def draw(self, data: mujoco.MjData, camera: int, colour: bool, depth: bool) -> Drawn:
        self._gl.make_current()  # another canvas or renderer may have drawn meanwhile
        self._camera.fixedcamid = camera
        mujoco.mjv_updateScene(self.model, data, self._option, None, self._camera, mujoco.mjtCatBit.mjCAT_ALL,
                               self._scene)
        # Without colour, surfaces are filled flat: no lamps, no textures.
        for flag in (mujoco.mjtRndFlag.mjRND_SEGMENT, mujoco.mjtRndFlag.mjRND_IDCOLOR):
            self._scene.flags[flag] = 0 if colour else 1
        mujoco.mjr_render(self._rect, self._scene, self._context)
        image, far = self._image if colour else None, self._depth if depth else None
        mujoco.mjr_readPixels(image, far, self._rect, self._context)
        return (None if image is None else image[::-1].copy()), (None if far is None else self._metres(far[::-1]))

    def _metres(self, buffer: NDArray[np.float32]) -> NDArray[np.float32]:
        """Reverse depth, 1 at the near and 0 at the far plane, → m; inf where nothing is."""
        near, far = self._near, self._far
        metres = buffer * np.float32(far - near)  # in place from here on: this is done for every image
        metres += np.float32(near)
        np.divide(np.float32(near * far), metres, out=metres)
        metres[buffer <= 0] = np.inf
        return metres

    def upload(self, meshes: list[int]) -> None:
        self._gl.make_current()
        for mesh in meshes:
            mujoco.mjr_uploadMesh(self.model, self._context, mesh)

    def close(self) -> None:
        self._gl.make_current()
        self._context.free()
        self._gl.free()


class RayCanvas:
    """One ray a pixel, Lambert shading by the lamps; no textures."""

    def __init__(self, model: mujoco.MjModel, width: int, height: int) -> None:
        self.model, self.width, self.height = model, width, height
        self._groups = np.zeros(mujoco.mjNGROUP, dtype=np.uint8)
        self._groups[VISUAL_GROUP] = 1
        # Rays pass by a body whose box they miss, which holds only what touches: what is seen may stand out of it.
        model.bvh_aabb[model.body_bvhadr[model.body_bvhnum > 0], 3:] = 10.0

    def draw(self, data: mujoco.MjData, camera: int, colour: bool, depth: bool) -> Drawn:
        model, count = self.model, self.width * self.height
        turn = data.cam_xmat[camera].reshape(3, 3)
        local = Pinhole(float(model.cam_fovy[camera]), self.width, self.height).rays.reshape(-1, 3)
        rays = local / np.linalg.norm(local, axis=-1, keepdims=True) * [1.0, -1.0, -1.0] @ turn.T
        geom, distance, normal = np.full(count, -1, np.int32), np.full(count, -1.0), np.zeros((count, 3))
        origin = data.cam_xpos[camera]
        mujoco.mj_multiRay(model, data, origin, rays.ravel(), self._groups, 1, -1, geom, distance, normal.ravel(),
                           count, 1e10)
        hit = distance >= 0
        along = distance / np.linalg.norm(local, axis=-1)  # rays have a unit step along the optical axis
        far = np.where(hit, along, np.inf).astype(np.float32).reshape(self.height, self.width)
        image = self._shade(data, origin + distance[:, None] * rays, normal, geom, hit) if colour else None
        return image, (far if depth else None)

    def _shade(self, data: mujoco.MjData, points: NDArray[np.float64], normal: NDArray[np.float64],
               geom: NDArray[np.int32], hit: NDArray[np.bool_]) -> NDArray[np.uint8]:  # fmt: skip
        model = self.model
        light = np.full((len(points), 3), model.vis.headlight.ambient, dtype=np.float64)
        for lamp in np.flatnonzero(model.light_active):
            towards = data.light_xpos[lamp] - points
            towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
            light += np.clip((normal * towards).sum(-1), 0, 1)[:, None] * model.light_diffuse[lamp]
        seen = np.where(hit[:, None], model.geom_rgba[np.maximum(geom, 0), :3] * light, _SKY)
        return (255 * np.clip(seen, 0, 1)).astype(np.uint8).reshape(self.height, self.width, 3)

    def upload(self, meshes: list[int]) -> None:
        """Rays meet the model's own meshes, as they now are."""

    def close(self) -> None:
        """Nothing to free."""
