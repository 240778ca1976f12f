"""One recorded episode drawn once more, as students' cameras see it under a look of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import expertgen.sims  # noqa: F401  # before mujoco, which it tells how to draw
from expertgen.benchmarks import TASKS
from expertgen.params import VisionParams
from expertgen.stages.rerender_colours import storable
from expertgen.vision.faults import faulty_colour
from expertgen.vision.look import Look
from expertgen.vision.painter import Painter

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EpisodeToDraw:
    """The `number`th episode of a release: what it looks like, where its objects stood at first, `start` (O, 7), and
    its T states before the actions: joints (T, 7) rad, fingers (T, 2) m, objects (T, O, 7)."""

    number: int
    task: str
    robot: str
    vision: VisionParams
    look: Look
    start: Array
    joints: Array
    fingers: Array
    objects: Array

    def __str__(self) -> str:
        return f"the images of episode {self.number}"


def draw_episode(episode: EpisodeToDraw) -> tuple[int, dict[str, NDArray[np.uint8]]]:
    """The number of the episode, and its images (T, H, W, 3) by the camera's name, each of its moment: none is late.

    A painter of its own, which takes a third of a second, leaves nothing of an episode before it to depend on.
    """
    vision, look, length = episode.vision, episode.look, len(episode.joints)
    images = np.empty((len(vision.cameras), length, vision.height, vision.width, 3), dtype=np.uint8)
    with Painter(episode.robot, TASKS[episode.task].add_objects, vision) as painter:
        for step, state in enumerate(zip(episode.joints, episode.fingers, episode.objects, strict=True)):
            views = painter.draw(look, episode.start, *state, colour=True, depth=False)
            assert views.colour is not None
            for camera, image in enumerate(views.colour):
                images[camera, step] = faulty_colour(image, look.hsv[camera], float(look.blur[camera]))
    pairs = zip(vision.cameras, images, strict=True)
    return episode.number, {camera.name: storable(shown) for camera, shown in pairs}
