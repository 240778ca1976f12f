"""Small releases to test with: discs that move over shaded backgrounds, another one for each camera and episode."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.data.lerobot.episode import ReleaseEpisode, ReleaseInfo

WIDTH, HEIGHT, FPS = 96, 64, 10
LENGTHS = (6, 4, 6)  # two alike, to be swapped
CAMERAS = ("front", "side")
INFO = ReleaseInfo(
    task="lift_banana", instruction="lift the banana", robot_type="panda", fps=FPS,
    cameras=dict.fromkeys(CAMERAS, (WIDTH, HEIGHT)), license="apache-2.0",
    observation_names=[f"state_{index}" for index in range(53)],
    action_names=[f"action_{index}" for index in range(10)],
    success_definition="The banana is at least 0.2 m above where it began.",
    lineage={"expert": "e" * 64, "demos": "d" * 64, "provenance": {"stage": "release", "seed": 3}},
    made="Discs, drawn for a test.",
)  # fmt: skip


def image(camera: str, number: int, step: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> NDArray[np.uint8]:
    """(H, W, 3): what `camera` sees of episode `number` at `step`."""
    width, height = size
    rows, columns = np.mgrid[0:1:height * 1j, 0:1:width * 1j]
    shade = rows if camera == "front" else columns
    picture = np.stack([60 + 60 * shade, 90 + 40 * shade, 120 - 50 * shade], axis=-1)
    middle = 0.2 + 0.12 * (number % 5) + 0.04 * step, 0.3 + 0.1 * (number % 4)
    disc = np.hypot(columns - middle[0], (rows - middle[1]) * height / width) < 0.12
    picture[disc] = (230, 200, 40)
    return picture.round().astype(np.uint8)


def episode(number: int, length: int, cameras: tuple[str, ...] = CAMERAS, **changes: object) -> ReleaseEpisode:
    """Episode `number`, with its own values and images."""
    random = np.random.default_rng(number)
    arrays = {
        "observation": random.normal(size=(length, 53)).astype(np.float32),
        "action": random.normal(size=(length, 10)).astype(np.float32),
        "joints": random.normal(size=(length, 7)).astype(np.float32),
        "success": np.arange(length) >= length - number % 3,
    }
    images = {camera: np.stack([image(camera, number, step) for step in range(length)]) for camera in cameras}
    source = {"store": "rollouts", "episode": number * 7}
    return ReleaseEpisode(**{**arrays, "seed": 40_000 + number, "source": source, "images": images, **changes})  # type: ignore[arg-type]


def episodes() -> list[ReleaseEpisode]:
    """As many as LENGTHS."""
    return [episode(number, length) for number, length in enumerate(LENGTHS)]
