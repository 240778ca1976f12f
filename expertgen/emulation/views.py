"""What emulated cameras see: the world drawn as students' cameras see it, frame after frame, late as real ones are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.camera_env import look_seed
from expertgen.emulation.snapshot import Snapshot
from expertgen.geometry import quaternion_to_rotation
from expertgen.params import Params
from expertgen.seeds import generator
from expertgen.vision.faults import faulty_colour, faulty_depth
from expertgen.vision.look import Look, draw_look, plain_look
from expertgen.vision.painter import Painter
from expertgen.vision.pinhole import Pinhole

Array = NDArray[np.float64]
_FLIP = np.diag([1.0, -1.0, -1.0])  # MuJoCo's cameras look along -z with y up, OpenCV's along z with y down


@dataclass(frozen=True)
class Shot:
    """Frame `number` of all C cameras, exposed at `time` s of the world: colour (C, H, W, 3) uint8 and depth (C, H, W)
    float32 m along the optical axis, 0 where a camera tells none."""

    number: int
    time: float
    colour: NDArray[np.uint8]
    depth: NDArray[np.float32]


class Views:
    """The cameras of params.vision around an emulated world, dressed as `look`.

    `world(age)` gives the world `age` s ago: `Remote.snapshot`, or `World.snapshot`. Frames come at `rate` Hz of the
    world's time, each `look.latency` s after it was exposed. To be used in the thread that made it, and closed there.
    """

    def __init__(self, world: Callable[[float], Snapshot], task: str, params: Params, look: Look, rate: float = 30.0,
                 backend: str | None = None) -> None:  # fmt: skip
        self._world, self._vision, self.look, self._rate = world, params.vision, look, rate
        self.painter = Painter(params.simulation.robot, TASKS[task].add_objects, params.vision, backend)
        self._last: Shot | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(view.name for view in self._vision.cameras)

    def newest(self) -> Shot:
        """The newest frame that has arrived; the same one again if there is none newer."""
        now = self._world(0.0)
        number = max(int(np.floor((now.time - self.look.latency) * self._rate + 1e-9)), 0)
        if self._last is None or self._last.number != number:
            exposed = number / self._rate
            self._last = self._draw(number, self._world(max(now.time - exposed, 0.0)))
        return self._last

    def wear(self, look: Look) -> None:
        """Another look, as for another trial."""
        self.look, self._last = look, None

    def intrinsics(self, camera: int) -> Array:
        """(3, 3) px of colour and depth, the first pixel's centre at (0, 0), as RealSense has it."""
        matrix = Pinhole(float(self.look.fovy[camera]), self._vision.width, self._vision.height).matrix.copy()
        matrix[:2, 2] -= 0.5
        return matrix

    def base_from_camera(self, camera: int, known: bool = False) -> Array:
        """(4, 4) pose in the base frame, in OpenCV's convention: where the camera is, or, `known`, where a calibration
        that errs as the look says has it. Frames must have been drawn under this look."""
        if self._last is None:
            self.newest()
        place, turn = self.painter.dresser.camera_poses()
        pose = np.eye(4)
        pose[:3, :3] = quaternion_to_rotation(turn[camera]) @ _FLIP
        pose[:3, 3] = place[camera]
        if known:
            error = self.look.calibration[camera]
            x, y, z = error[3:]
            pose[:3, :3] = np.array([[1, -z, y], [z, 1, -x], [-y, x, 1]]) @ pose[:3, :3]
            pose[:3, 3] += error[:3]
        return pose

    def _draw(self, number: int, seen: Snapshot) -> Shot:
        look = self.look
        state = seen.joints, seen.fingers, seen.objects
        views = self.painter.draw(look, seen.start, *state, colour=True, depth=True)
        assert views.colour is not None and views.depth is not None
        noise = generator("emulated frame", look.seed, number)
        limits = self._vision.depth_range
        colour = [faulty_colour(image, look.hsv[i], float(look.blur[i])) for i, image in enumerate(views.colour)]
        depth = [faulty_depth(far, look.depth_noise, look.depth_holes, limits, noise) for far in views.depth]
        return Shot(number, number / self._rate, np.stack(colour), np.stack(depth))

    def close(self) -> None:
        """Free the graphics context."""
        self.painter.close()


def look_of(task: str, params: Params, seed: int, looks: int | None = 0) -> Look:
    """The look of the episode from the start `seed`, as students' robustness is measured under `looks`; None: plain."""
    objects = TASKS[task].num_objects
    if looks is None:
        return plain_look(params.vision, objects)
    return draw_look(params.vision, objects, look_seed(looks, seed))
