"""Images of one environment: MuJoCo's renderer through EGL, or ray casting where there is no OpenGL."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.scenes.panda import COLLISION_GROUP
from expertgen.sims.raycast import RayCaster


class SceneRenderer:
    """Draws `model` at given joint positions. `backend` is 'egl', 'ray' or None (EGL where it works)."""

    def __init__(self, model: mujoco.MjModel, backend: str | None = None) -> None:
        self.model, self.data = model, mujoco.MjData(model)
        self._option = mujoco.MjvOption()
        self._option.geomgroup[COLLISION_GROUP] = 0
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}
        self._rays: RayCaster | None = None
        self.backend = backend or ("egl" if _egl_works() else "ray")

    def image(
        self, qpos: NDArray[np.float64], camera: str, width: int, height: int, mocap: NDArray[np.float64] | None = None
    ) -> NDArray[np.uint8]:
        """(height, width, 3) image; camera by name; `mocap` (nmocap, 7) where bodies stand that have no joints."""
        if self.backend == "ray":
            self._rays = self._rays or RayCaster(self.model)
            return self._rays.image(qpos, camera, width, height, mocap)
        self.data.qpos[:] = qpos
        if mocap is not None:
            self.data.mocap_pos[:], self.data.mocap_quat[:] = mocap[:, :3], mocap[:, 3:]
        mujoco.mj_forward(self.model, self.data)
        renderer = self._renderer(width, height)
        renderer.update_scene(self.data, camera=camera, scene_option=self._option)
        return renderer.render()

    def _renderer(self, width: int, height: int) -> mujoco.Renderer:
        if (width, height) not in self._renderers:
            visual = self.model.vis
            # MuJoCo's defaults, a 4096 shadow map and multisampling, cost a software rasteriser tenfold.
            visual.quality.shadowsize, visual.quality.offsamples = 1024, 4
            visual.global_.offwidth = max(visual.global_.offwidth, width)
            visual.global_.offheight = max(visual.global_.offheight, height)
            self._renderers[width, height] = mujoco.Renderer(self.model, height, width)
        return self._renderers[width, height]

    def close(self) -> None:
        """Free the graphics contexts; EGL ones are not freed safely at interpreter exit."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()

    def __enter__(self) -> SceneRenderer:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _egl_works() -> bool:
    # MuJoCo chooses when it is first imported, which may have been before expertgen.sims could ask for EGL; a context
    # of another kind than it chose ends the process.
    chosen = getattr(mujoco, "GLContext", None)
    if chosen is None or chosen.__module__ != "mujoco.egl":
        return False
    try:
        context = mujoco.GLContext(8, 8)
    except Exception:  # a missing or broken driver raises whatever its loader raises
        return False
    context.free()
    return True
