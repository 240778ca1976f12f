"""Images: through EGL where it works, by ray casting anywhere, and both of the same scene.

Each in a process of its own, since MuJoCo chooses its graphics once in a process, when it is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from expertgen.benchmarks import TASKS
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.mujoco_batch import MujocoBatch
from tests.contracts.engines import start

ROOT = Path(__file__).resolve().parents[2]
CAMERAS = ("front", "side")
WIDTH, HEIGHT = 96, 72

DRAW = """
import sys
import numpy as np
from expertgen.benchmarks import TASKS
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.mujoco_batch import MujocoBatch
from expertgen.sims.render import SceneRenderer
from tests.contracts.engines import start
path, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sim = MujocoBatch(build_tabletop("panda_hand", 0.005, TASKS["lift_banana"].add_objects), 1, 10)
start(sim)
images = [sim.render(0, camera, width, height) for camera in ("front", "side")]
with SceneRenderer(sim.model) as renderer:
    backend = renderer.backend
sim.close()
np.savez(path, *images, backend=backend, gl=any(name.startswith("OpenGL.") for name in sys.modules))
"""


def draw(tmp_path: Path, graphics: str | None, before: str = "") -> tuple[list[np.ndarray], str, bool]:
    """Both cameras' images, the backend that drew them, and whether an OpenGL library was loaded."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment.pop("MUJOCO_GL", None)
    environment |= {} if graphics is None else {"MUJOCO_GL": graphics}
    path = tmp_path / "images.npz"
    command = [sys.executable, "-c", before + DRAW, str(path), str(WIDTH), str(HEIGHT)]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path, timeout=120)
    with np.load(path) as file:
        return [file["arr_0"], file["arr_1"]], str(file["backend"]), bool(file["gl"])


def check(image: np.ndarray) -> None:
    """Not an empty picture, and a banana in it."""
    assert image.shape == (HEIGHT, WIDTH, 3) and image.dtype == np.uint8
    assert image.std() > 20
    assert 10 < yellow(image).sum() < 0.1 * WIDTH * HEIGHT


def yellow(image: np.ndarray) -> np.ndarray:
    """Pixels with much red and green and little blue."""
    r, g, b = np.moveaxis(image.astype(int), -1, 0)
    return (r > 90) & (g > 0.7 * r) & (b < 0.5 * g)


def test_images_need_no_gl(tmp_path: Path) -> None:
    images, backend, gl = draw(tmp_path, "disable")
    assert backend == "ray" and not gl
    for image in images:
        check(image)


def test_images_through_egl_show_the_same_scene(tmp_path: Path) -> None:
    images, backend, _ = draw(tmp_path, None)
    if backend != "egl":
        pytest.skip("no EGL here: install libegl1 and libgl1-mesa-dri")
    for image, cast in zip(images, draw(tmp_path, "disable")[0], strict=True):
        check(image)
        places = [np.argwhere(yellow(i)).mean(0) for i in (image, cast)]
        np.testing.assert_allclose(*places, atol=2, err_msg="pixels")


def test_an_earlier_import_of_the_engine_ends_in_ray_casting_not_in_a_crash(tmp_path: Path) -> None:
    images, backend, _ = draw(tmp_path, None, before="import mujoco\n")
    assert backend == "ray"
    check(images[0])


def test_rendering_leaves_the_simulation_alone() -> None:
    sim = MujocoBatch(build_tabletop("panda_hand", 0.005, TASKS["lift_banana"].add_objects), 2, 10)
    start(sim)
    before = sim.save()
    image = sim.render(1, "front", WIDTH, HEIGHT)
    check(image)
    np.testing.assert_array_equal(sim.render(1, "front", WIDTH, HEIGHT), image)
    assert not np.array_equal(sim.render(0, "front", WIDTH, HEIGHT), image)
    sim.close()
    for name, value in sim.save().items():
        np.testing.assert_array_equal(value, before[name])
