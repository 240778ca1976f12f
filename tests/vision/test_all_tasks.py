"""Every task is drawn as it is simulated."""

from __future__ import annotations

from collections.abc import Iterator

import mujoco
import numpy as np
import pytest

from expertgen.benchmarks import TASKS
from expertgen.camera_env import CameraEnv
from expertgen.vision.canvas import RayCanvas, egl_works
from expertgen.vision.look import draw_look, plain_look
from expertgen.vision.painter import Painter
from tests.vision.made import SMALL, environment, moved, open_painter


@pytest.fixture(scope="module", params=list(TASKS))
def cameras(request: pytest.FixtureRequest) -> Iterator[CameraEnv]:
    """A task some steps after two starts, so that arm, hand and drawer are not where the scene was built."""
    with open_painter(request.param, SMALL) as painter:
        yield moved(CameraEnv(environment(request.param, 2), SMALL, "images", painter=painter), [3, 4])


def simulated(cameras: CameraEnv, row: int) -> tuple[mujoco.MjModel, mujoco.MjData]:
    """The simulated scene, its bodies where they are in one environment."""
    simulator = cameras.env.simulator
    data = mujoco.MjData(simulator.model)
    batch = simulator._batch
    data.qpos[:] = batch.bind("qpos")[row]
    data.mocap_pos[:], data.mocap_quat[:] = batch.bind("mocap_pos")[row], batch.bind("mocap_quat")[row]
    mujoco.mj_forward(simulator.model, data)
    return simulator.model, data


def show_now(cameras: CameraEnv, row: int) -> Painter:
    """The painter, with the scene as it is built in the state of now."""
    state, painter = cameras.env.simulator.state(), cameras.painter
    look = plain_look(SMALL, cameras.env.benchmark.num_objects)
    painter.draw(look, cameras.env.start_objects[row], state.joints[row], state.fingers[row], state.objects[row],
                 colour=False, depth=True)  # fmt: skip
    return painter


def test_each_body_is_drawn_where_it_is_simulated(cameras: CameraEnv) -> None:
    for row in range(2):
        model, data = simulated(cameras, row)
        painter = show_now(cameras, row)
        np.testing.assert_allclose(painter.data.qpos, data.qpos, atol=1e-9)
        assert [painter.model.body(i).name for i in range(painter.model.nbody)] == [
            model.body(i).name for i in range(model.nbody)]  # fmt: skip
        np.testing.assert_allclose(painter.data.xpos, data.xpos, atol=1e-9)
        np.testing.assert_allclose(painter.data.xmat, data.xmat, atol=1e-9)


def test_the_plain_look_has_the_shapes_of_the_simulated_scene(cameras: CameraEnv) -> None:
    """Seen from a camera that both scenes have; walls, which only one has, are behind everything else."""
    model, data = simulated(cameras, 1)
    painter = show_now(cameras, 1)
    depths = []
    for own, state in ((model, data), (painter.model, painter.data)):
        _, depth = RayCanvas(own, 96, 54).draw(state, own.camera("front").id, colour=False, depth=True)
        assert depth is not None
        depths.append(np.where(depth < 2.2, depth, 9.0))
    np.testing.assert_allclose(depths[1], depths[0], atol=1e-4)
    assert (depths[0] < 9).mean() > 0.3


def test_each_task_is_drawn_with_a_look_of_its_own(cameras: CameraEnv) -> None:
    cameras.sees = "images"
    images = cameras.see().images
    cameras.sees = "points"
    points = cameras.see().points
    assert images is not None and points is not None
    assert images.float().flatten(2).std(-1).min() > 5
    assert not images[0].equal(images[1]) and not points[0].equal(points[1])
    assert points.isfinite().all() and min(len(np.unique(cloud, axis=0)) for cloud in points.numpy()) > 20


def test_rays_and_opengl_see_the_same_shapes(cameras: CameraEnv) -> None:
    """With everything drawn at once: distractors of any kind, objects larger and smaller."""
    if not egl_works():
        pytest.skip("no EGL here: install libegl1 and libgl1-mesa-dri")
    state, painter = cameras.env.simulator.state(), cameras.painter
    count = cameras.env.benchmark.num_objects
    for seed in range(2):
        look = draw_look(SMALL, count, seed, held="scale")
        views = painter.draw(look, cameras.env.start_objects[0], state.joints[0], state.fingers[0], state.objects[0],
                             colour=False, depth=True)  # fmt: skip
        assert views.depth is not None
        rays = RayCanvas(painter.model, SMALL.width, SMALL.height)
        for camera, depth in zip(painter.dresser.parts.cameras, views.depth, strict=True):
            _, cast = rays.draw(painter.data, int(camera), colour=False, depth=True)
            assert cast is not None
            apart = np.abs(cast - depth) > 0.01
            # Round shapes have few faces in OpenGL, and a pixel of an outline falls to either side.
            assert apart.mean() < 0.03
            inner = apart[1:-1, 1:-1] & apart[:-2, 1:-1] & apart[2:, 1:-1] & apart[1:-1, :-2] & apart[1:-1, 2:]
            assert not inner.any(), "a whole patch that one of them does not see"
