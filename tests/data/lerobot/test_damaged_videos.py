"""Videos that show something else than was released, as sound as they may be, with sums that agree."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.lerobot import damage
from tests.data.lerobot.damage import problems
from tests.data.lerobot.samples import CAMERAS, FPS, HEIGHT, LENGTHS, WIDTH, image

FRONT = "observation.images.front"
FRAMES = [(number, step) for number, length in enumerate(LENGTHS) for step in range(length)]


@pytest.mark.parametrize("part", [0.15, 0.4, 0.6, 0.85])
def test_a_flipped_bit_in_images_is_found_without_sums(release: Path, part: float) -> None:
    path = release / damage.video("front")
    content = path.read_bytes()
    begin = content.index(b"mdat") + 4
    damage.flip_bit(path, begin + int((len(content) - begin) * part))
    damage.sum_again(release)
    assert damage.video("front") in problems(release)


@pytest.mark.parametrize("frames", [1, 5])
def test_images_that_are_shifted_within_their_video(release: Path, frames: int) -> None:
    moved = FRAMES[frames:] + FRAMES[:frames]
    damage.write_video(release, "front", np.stack([image("front", *frame) for frame in moved]), FPS)
    assert "the first frame of episode 0 is another than was released" in problems(release)


def test_images_that_are_shifted_between_the_first_and_the_last_of_an_episode(release: Path) -> None:
    order = [*FRAMES[:2], FRAMES[1], *FRAMES[3:]]
    damage.write_video(release, "front", np.stack([image("front", *frame) for frame in order]), FPS)
    assert "the images of episode 0 are not those that were released" in problems(release)


def test_another_frame_rate_throughout_does_not_fit_the_video(release: Path) -> None:
    def faster(info: dict[str, Any]) -> None:
        info["fps"] = 20
        for feature in info["features"].values():
            if feature["dtype"] == "video":
                feature["info"]["video.fps"] = 20

    damage.change_json(release, "meta/info.json", faster)
    for camera in CAMERAS:
        for end in ("from", "to"):
            column = f"videos/observation.images.{camera}/{end}_timestamp"
            damage.change_column(release, damage.EPISODES, column, lambda values: [value / 2 for value in values])
    damage.change_column(release, damage.DATA, "timestamp", lambda values: [value / 2 for value in values])
    assert "frames a second is 10, expected 20" in problems(release)


def test_the_videos_of_two_cameras_swapped(release: Path) -> None:
    paths = [release / damage.video(camera) for camera in CAMERAS]
    shutil.move(paths[0], release / "other")
    shutil.move(paths[1], paths[0])
    shutil.move(release / "other", paths[1])
    damage.sum_again(release)
    found = problems(release)
    for path, other in ((damage.video("front"), "side"), (damage.video("side"), "front")):
        assert f"{path}: the first frame of episode 0 is another than was released" in found
        assert f"it is that of episode 0 in observation.images.{other}" in found


def test_the_videos_of_two_episodes_swapped(release: Path) -> None:
    damage.reorder_video(release, "front", [range(10, 16), range(6, 10), range(6)])
    found = problems(release)
    assert "the first frame of episode 0 is another than was released" in found
    assert f"it is that of episode 2 in {FRONT}" in found and f"it is that of episode 0 in {FRONT}" in found
    assert "episode 1 is another" not in found and "observation.images.side" not in found


def test_a_video_that_ends_early_or_goes_on(release: Path) -> None:
    images = np.stack([image("front", *frame) for frame in FRAMES])
    damage.write_video(release, "front", images[:-1], FPS)
    assert "ends after 15 frames, expected 16" in problems(release)
    damage.write_video(release, "front", images[[*range(16), 15]], FPS)
    assert "goes on after the 16 frames" in problems(release)


def test_a_video_of_another_size(release: Path) -> None:
    images = np.stack([image("front", *frame, size=(WIDTH + 16, HEIGHT)) for frame in FRAMES])
    damage.write_video(release, "front", images, FPS)
    assert f"width is {WIDTH + 16}, expected {WIDTH}" in problems(release)
