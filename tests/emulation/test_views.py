"""What emulated cameras see, and when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from expertgen.emulation.views import Views, look_of
from expertgen.emulation.world import World
from expertgen.params import load_params

PARAMS = load_params(Path(__file__).parents[2] / "params.yaml")


@pytest.fixture(scope="module")
def seen() -> Iterator[tuple[World, Views]]:
    world = World("lift_banana", PARAMS.simulation)
    views = Views(world.snapshot, "lift_banana", PARAMS, look_of("lift_banana", PARAMS, 1, None))
    yield world, views
    views.close()


def test_frames_come_at_their_rate_and_late(seen: tuple[World, Views]) -> None:
    world, views = seen
    first = views.newest()
    assert first.colour.shape == (3, 108, 192, 3) and first.depth.shape == (3, 108, 192)
    assert views.newest() is first
    numbers = []
    for _ in range(100):
        world.step(np.zeros(7))
    for _ in range(7):
        for _ in range(10):
            world.step(np.zeros(7))
        numbers.append(views.newest().number)
    assert numbers == sorted(numbers) and numbers[-1] - numbers[0] == 2
    shot = views.newest()
    assert 0 <= world.time - shot.time < 1 / 30 + 1e-9
    assert shot.number == round(shot.time * 30)


def test_depth_and_pose_tell_where_the_banana_is(seen: tuple[World, Views]) -> None:
    world, views = seen
    depth = views.newest().depth[0]
    v, u = np.nonzero(depth)
    far = depth[v, u]
    rays = np.linalg.inv(views.intrinsics(0)) @ np.stack([u, v, np.ones(len(u))])
    pose = views.base_from_camera(0)
    points = (pose[:3, :3] @ (rays * far) + pose[:3, 3:]).T
    near = points[np.linalg.norm(points[:, :2] - world.start[0, :2], axis=-1) < 0.04]
    assert near[:, 2].max() == pytest.approx(0.034, abs=0.005)  # its thickness
    assert near[:, 2].min() == pytest.approx(0.0, abs=0.005)


def test_a_drawn_look_is_that_of_the_students_and_may_be_changed(seen: tuple[World, Views]) -> None:
    _, views = seen
    plain = views.newest()
    drawn = look_of("lift_banana", PARAMS, 1)
    views.wear(drawn)
    other = views.newest()
    assert not np.array_equal(plain.colour, other.colour)
    known = views.base_from_camera(1, known=True)[:3, 3] - views.base_from_camera(1)[:3, 3]
    np.testing.assert_allclose(known, drawn.calibration[1, :3])
    views.wear(look_of("lift_banana", PARAMS, 1, None))
