"""Images without OpenGL: one ray a pixel through mujoco.batch, Lambert shading and one light."""

from __future__ import annotations

import mujoco
import mujoco.batch
import numpy as np
from numpy.typing import NDArray

from expertgen.scenes.panda import VISUAL_GROUP

_LIGHT = np.array([0.35, -0.45, 0.82])
_SKY = np.array([0.82, 0.88, 0.94])


class RayCaster:
    """Casts rays at the scene's visual geometry; no shadows, no textures, any machine."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self.model, self.data = model, mujoco.MjData(model)
        self._batch = mujoco.batch.Batch(model, nsim=1)
        self._groups = np.zeros(mujoco.mjNGROUP, dtype=np.uint8)
        self._groups[VISUAL_GROUP] = 1
        self._colours = _colours(model)

    def image(
        self, qpos: NDArray[np.float64], camera: str, width: int, height: int, mocap: NDArray[np.float64] | None = None
    ) -> NDArray[np.uint8]:
        """(height, width, 3) image, as SceneRenderer's."""
        self._batch.bind("qpos")[0] = qpos
        self.data.qpos[:] = qpos
        if mocap is not None:
            self._batch.bind("mocap_pos")[0], self._batch.bind("mocap_quat")[0] = mocap[:, :3], mocap[:, 3:]
            self.data.mocap_pos[:], self.data.mocap_quat[:] = mocap[:, :3], mocap[:, 3:]
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        cam = self.model.camera(camera).id
        rotation = self.data.cam_xmat[cam].reshape(3, 3)
        rays = _pixel_rays(np.deg2rad(self.model.cam_fovy[cam]), width, height) @ rotation.T
        dist, geom, normal = self._batch.ray(self.data.cam_xpos[cam], rays, geomgroup=self._groups, normal=True)
        dist, geom, normal = dist[0], geom[0], normal[0]
        lit = np.clip(normal @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1)
        colour = self._colours[np.maximum(geom, 0)] * (0.45 + 0.55 * lit)[:, None]
        colour = np.where((dist >= 0)[:, None], colour, _SKY)
        return (255 * np.clip(colour, 0, 1)).astype(np.uint8).reshape(height, width, 3)


def _colours(model: mujoco.MjModel) -> NDArray[np.float64]:
    """(ngeom, 3) each geom's own colour or its material's, with a texture's mean."""
    colours = model.geom_rgba[:, :3].astype(np.float64)
    for geom in np.flatnonzero(model.geom_matid >= 0):
        material = model.geom_matid[geom]
        colours[geom] = model.mat_rgba[material, :3]
        texture = model.mat_texid[material, mujoco.mjtTextureRole.mjTEXROLE_RGB]
        if texture >= 0:
            start, channels = model.tex_adr[texture], model.tex_nchannel[texture]
            count = model.tex_width[texture] * model.tex_height[texture] * channels
            pixels = model.tex_data[start : start + count].reshape(-1, channels)
            colours[geom] *= pixels[:, :3].mean(0) / 255
    return colours


def _pixel_rays(fovy: float, width: int, height: int) -> NDArray[np.float64]:
    """(height * width, 3) unit rays in the camera's frame (x right, y up, looking along -z)."""
    half = np.tan(fovy / 2)
    y = half * (1 - (2 * np.arange(height) + 1) / height)
    x = half * width / height * ((2 * np.arange(width) + 1) / width - 1)
    rays = np.stack([*np.meshgrid(x, y), -np.ones((height, width))], axis=-1).reshape(-1, 3)
    return rays / np.linalg.norm(rays, axis=-1, keepdims=True)
