"""MuJoCo Warp's ray tracer for rendering.py: students' cameras in many worlds at once, on an NVIDIA GPU."""

from __future__ import annotations

import importlib.util
import time
from typing import Any

import numpy as np

from expertgen.benchmarks import TASKS
from expertgen.camera_env import look_seed
from expertgen.env import start_generator
from expertgen.params import Params
from expertgen.scenes.panda import VISUAL_GROUP
from expertgen.vision.look import draw_look
from expertgen.vision.painter import Painter

WORLDS, FRAMES, REPEATS = (256, 1024), 20, 5


def warp_rates(params: Params, task: str, device: str | None = None, worlds: tuple[int, ...] = WORLDS) -> Any:
    """Frames a second of colour and depth, of each number of worlds; or, in words, why there are none."""
    if importlib.util.find_spec("mujoco_warp") is None:
        return "not run: mujoco_warp is not installed"
    import warp

    if device is None and not warp.get_cuda_devices():
        return "not run: no GPU"
    with warp.ScopedDevice(device or warp.get_cuda_devices()[0]) as used:
        rates = {str(count): _rate(params, task, count) for count in worlds}
        return {"device": used.name, "frames_per_s": rates}


def _rate(params: Params, task: str, worlds: int) -> dict[str, Any]:
    """Median and quartiles over the repeats. Every world has the scene of its own start; its look is that of the first,
    since the ray tracer takes colours and textures from one model."""
    import mujoco_warp
    import warp

    vision, benchmark = params.vision, TASKS[task]
    with Painter(params.simulation.robot, benchmark.add_objects, vision, "ray") as painter:
        rows, places, turns = [], [], []
        for seed in range(worlds):
            start = benchmark.reset_distribution(start_generator(seed))
            painter._pose(start.joints, start.fingers, start.objects)
            rows.append(painter.data.qpos.copy())
            places.append(painter.data.mocap_pos.copy())
            turns.append(painter.data.mocap_quat.copy())
        painter.dresser.put_on(draw_look(vision, benchmark.num_objects, look_seed(0, 0)), start.objects)
        model, data = mujoco_warp.put_model(painter.model), mujoco_warp.make_data(painter.model, nworld=worlds)
        data.qpos = warp.array(np.stack(rows), dtype=float)
        if painter.model.nmocap:
            data.mocap_pos = warp.array(np.stack(places), dtype=warp.vec3)
            data.mocap_quat = warp.array(np.stack(turns), dtype=warp.quat)
        context = mujoco_warp.create_render_context(
            painter.model, worlds, cam_res=(vision.width, vision.height), render_rgb=True, render_depth=True,
            cam_active=[f"view_{view.name}" for view in vision.cameras], enabled_geom_groups=[VISUAL_GROUP],
        )

        def draw() -> None:
            mujoco_warp.kinematics(model, data)
            mujoco_warp.com_pos(model, data)
            mujoco_warp.camlight(model, data)
            mujoco_warp.refit_bvh(model, data, context)
            mujoco_warp.render(model, data, context)

        draw()  # compiles
        seconds = []
        for _ in range(REPEATS):
            warp.synchronize()
            before = time.perf_counter()
            for _ in range(FRAMES):
                draw()
            warp.synchronize()
            seconds.append((time.perf_counter() - before) / FRAMES)
    frames = worlds * len(vision.cameras) / np.array(seconds)
    low, middle, high = np.percentile(frames, [25, 50, 75])
    return {"median": round(float(middle)), "quartiles": [round(float(low)), round(float(high))]}
