"""What is drawn back-projects to where it is, whoever draws it and wherever the cameras stand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertgen.benchmarks.base import Start
from expertgen.geometry import quaternion_to_rotation, quaternion_z
from expertgen.params import CloudParams
from expertgen.vision.canvas import egl_works
from expertgen.vision.cloud import camera_points
from expertgen.vision.painter import Painter, Views
from expertgen.vision.pinhole import Pinhole
from tests.vision.made import SMALL, draw, open_painter, start_of, with_cameras_of

TOLERANCE = 0.003  # m
HALF = np.array([0.0375, 0.025, 0.025])  # m, of the brick
TABLE = np.array([[-0.29, -0.59], [0.99, 0.59]])  # m, the corners of its top, 1 cm further in
WIDE = CloudParams(points=64, voxel=0.01, low=(0.3, -0.45, 0.008), high=(0.8, 0.45, 0.2))  # the brick and no arm


@pytest.fixture(scope="module", params=["ray", "egl"])
def painter(request: pytest.FixtureRequest) -> Iterator[Painter]:
    if request.param == "egl" and not egl_works():
        pytest.skip("no EGL here: install libegl1 and libgl1-mesa-dri")
    with open_painter("lift_brick", SMALL, request.param) as opened:
        yield opened


def brick_at(x: float, y: float, yaw: float) -> Start:
    start = start_of("lift_brick")
    start.objects[0] = [x, y, HALF[2], *quaternion_z(np.array(yaw))]
    return start


def base_points(views: Views, camera: int) -> np.ndarray:
    """(H, W, 3) m in the base frame, written out anew: MuJoCo's cameras look along -z with y up."""
    assert views.depth is not None
    local = Pinhole(float(views.fovy[camera]), SMALL.width, SMALL.height).points(views.depth[camera].astype(float))
    return local * [1, -1, -1] @ quaternion_to_rotation(views.turn[camera]).T + views.place[camera]


places = st.tuples(st.floats(0.4, 0.6), st.floats(-0.18, 0.18), st.floats(-3, 3))


@settings(max_examples=10)
@given(place=places, seed=st.integers(0, 2**32))
def test_a_brick_is_found_where_it_lies(painter: Painter, place: tuple[float, float, float], seed: int) -> None:
    start, pixels = brick_at(*place), 0
    views = draw(painter, with_cameras_of(seed, vision=SMALL), start, colour=False, depth=True)
    assert views.depth is not None
    for camera, depth in enumerate(views.depth):
        pinhole = Pinhole(float(views.fovy[camera]), SMALL.width, SMALL.height)
        points = camera_points(depth, pinhole, views.place[camera], quaternion_to_rotation(views.turn[camera]), WIDE)
        own = (points - start.objects[0, :3]) @ quaternion_to_rotation(start.objects[0, 3:])
        outside = np.abs(own) - HALF
        off = np.linalg.norm(np.maximum(outside, 0), axis=-1) + np.abs(np.minimum(outside.max(-1), 0))
        assert len(points) > 4 and off.max() < TOLERANCE, f"camera {camera}: {1000 * off.max():.1f} mm off"
        pixels += len(points)
    assert pixels > 30


@settings(max_examples=10)
@given(place=places, seed=st.integers(0, 2**32))
def test_the_table_is_flat_and_at_zero(painter: Painter, place: tuple[float, float, float], seed: int) -> None:
    views = draw(painter, with_cameras_of(seed, vision=SMALL), brick_at(*place), colour=False, depth=True)
    for camera in range(len(views.place)):
        points, eye = base_points(views, camera), views.place[camera]
        ahead = points - eye
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = -eye[2] / ahead[..., 2]  # of the way to the point, at which its ray meets z = 0
            met = eye + reach[..., None] * ahead
        on_table = (reach > 0) & ((met[..., :2] > TABLE[0]) & (met[..., :2] < TABLE[1])).all(-1)
        beyond = np.linalg.norm(points - eye, axis=-1) - np.linalg.norm(met - eye, axis=-1)
        assert on_table.sum() > 500 and beyond[on_table].max() < TOLERANCE, "nothing is seen through the table"
        assert (np.abs(points[..., 2][on_table]) < TOLERANCE).mean() > 0.6, "and most of it is bare"


@given(
    fovy=st.floats(20, 100), width=st.integers(2, 200), height=st.integers(2, 200), depth=st.floats(0.1, 5),
    share=st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)),
)
def test_a_point_projects_to_the_middle_of_the_pixel_it_came_from(
    fovy: float, width: int, height: int, depth: float, share: tuple[float, float]
) -> None:
    camera = Pinhole(fovy, width, height)
    u, v = int(share[0] * width), int(share[1] * height)
    point = camera.points(np.full((height, width), depth))[v, u]
    image = camera.matrix @ point
    np.testing.assert_allclose(image[:2] / image[2], [u + 0.5, v + 0.5], atol=1e-6)
    assert point[2] == depth
    edge = np.rad2deg(2 * np.arctan(height / 2 / camera.focal))
    np.testing.assert_allclose(edge, fovy, rtol=1e-9)
