"""One cloud of many, and what a depth camera and a colour camera get wrong."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from expertgen.params import CloudParams
from expertgen.vision.cloud import camera_points, merged_cloud
from expertgen.vision.faults import faulty_colour, faulty_depth
from expertgen.vision.pinhole import Pinhole

CROP = CloudParams(points=40, voxel=0.02, low=(0.2, -0.45, 0.008), high=(0.8, 0.45, 0.3))
LOW, HIGH = np.array(CROP.low), np.array(CROP.high)
LIMITS = (0.25, 2.5)
seeds = st.integers(0, 2**32)



@given(sizes=st.lists(st.integers(0, 60), max_size=3), spread=st.floats(0.001, 1.0), seed=seeds)
def test_a_merged_cloud_has_its_number_of_points_of_its_inputs_one_of_each_voxel(
    sizes: list[int], spread: float, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    clouds = [(LOW + spread * draw.random((n, 3)) * (HIGH - LOW)).astype(np.float32) for n in sizes]
    clouds = [np.clip(cloud, LOW.astype(np.float32), HIGH.astype(np.float32)) for cloud in clouds]
    merged = merged_cloud(clouds, CROP, draw)
    assert merged.shape == (CROP.points, 3) and merged.dtype == np.float32
    given_points = np.concatenate([*clouds, np.zeros((0, 3), np.float32)])
    if len(given_points) == 0:
        assert not merged.any(), "nothing seen is told as zeros"
        return
    told, times = np.unique(merged, axis=0, return_counts=True)
    assert {tuple(point) for point in told} <= {tuple(point) for point in given_points}
    cells = ((given_points - LOW) / CROP.voxel).astype(np.int64)
    filled = len(np.unique(cells, axis=0))
    assert len(told) == min(filled, CROP.points), "one of each voxel, as many as fit"
    assert len(np.unique(((told - LOW) / CROP.voxel).astype(np.int64), axis=0)) == len(told)
    assert np.ptp(times) <= 1, "all are repeated alike"


def test_which_points_are_kept_is_drawn_anew_each_time() -> None:
    cloud = (LOW + np.random.default_rng(0).random((2000, 3)) * (HIGH - LOW)).astype(np.float32)
    first, other = (merged_cloud([cloud], CROP, np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(first, merged_cloud([cloud], CROP, np.random.default_rng(1)))
    assert np.abs(first.mean(0) - cloud.mean(0)).max() < 0.1, "and from everywhere"


@settings(max_examples=30)
@given(
    depth=arrays(np.float32, (6, 8), elements=st.sampled_from([0.0, 0.3, 0.9, 1.3, 2.4, np.inf])),
    place=st.tuples(st.floats(-0.5, 1.5), st.floats(-1, 1), st.floats(0, 1)), seed=seeds,
)
def test_points_of_a_camera_lie_inside_the_crop(depth: np.ndarray, place: tuple[float, ...], seed: int) -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    told = np.where(np.isfinite(depth), depth, 0).astype(np.float32)
    camera = Pinhole(60.0, 8, 6)
    points = camera_points(told, camera, np.array(place), turn, CROP)
    assert points.dtype == np.float32 and ((points >= LOW) & (points <= HIGH)).all()
    everywhere = camera.points(told.astype(float)) * [1, -1, -1] @ turn.T + np.array(place)
    inside = (told > 0) & ((everywhere > LOW + 1e-4) & (everywhere < HIGH - 1e-4)).all(-1)
    expected = everywhere[inside]
    near = np.linalg.norm(points[None] - expected[:, None], axis=-1) < 1e-4
    assert near.any(-1).all(), "none of those inside is missing"
    assert len(points) <= len(expected) + ((told > 0) & ~inside).sum()


@settings(max_examples=20)
@given(far=st.floats(0.3, 2.4), noise=st.floats(0.0005, 0.003), seed=seeds)
def test_the_error_of_a_depth_grows_with_its_square(far: float, noise: float, seed: int) -> None:
    depth = np.full((108, 192), far, dtype=np.float32)
    told = faulty_depth(depth, noise, 0.0, LIMITS, np.random.default_rng(seed))
    spread = np.std(told[told > 0] - far)
    np.testing.assert_allclose(spread, noise * far**2, rtol=0.05)
    assert abs(np.mean(told[told > 0]) - far) < 5 * noise * far**2 / np.sqrt(told.size)


@settings(max_examples=20)
@given(share=st.floats(0.01, 0.3), seed=seeds)
def test_holes_take_their_share_in_patches(share: float, seed: int) -> None:
    told = faulty_depth(np.ones((108, 192), np.float32), 0.0, share, LIMITS, np.random.default_rng(seed))
    lost = told == 0
    assert abs(lost.mean() - share) < 0.02
    alike = (lost[:, 1:] == lost[:, :-1]).mean()
    assert alike > 1 - share, "patches, not single pixels"


def test_nothing_is_told_out_of_reach_nor_at_half_of_an_edge() -> None:
    depth = np.ones((60, 80), dtype=np.float32)
    depth[:, 40:], depth[:10], depth[-10:] = 1.2, 0.2, np.inf
    exact = faulty_depth(depth, 0.0, 0.0, LIMITS, np.random.default_rng(0))
    reach = (depth > LIMITS[0]) & (depth < LIMITS[1])
    np.testing.assert_array_equal(exact, np.where(reach, depth, 0), err_msg="no fault, no error")
    told = faulty_depth(depth, 1e-9, 0.0, LIMITS, np.random.default_rng(0))
    edge = (told[12:-12, 39:41] == 0).mean()
    assert 0.3 < edge < 0.7 and (told[12:-12, :38] > 0).all()


def test_colours_without_faults_are_as_they_were_and_faults_do_what_they_say() -> None:
    image = np.random.default_rng(0).integers(60, 180, (54, 96, 3)).astype(np.uint8)
    none = np.zeros(3)
    np.testing.assert_allclose(faulty_colour(image, none, 0.0).astype(int), image, atol=1)
    np.testing.assert_allclose(faulty_colour(image, np.array([1.0, 0, 0]), 0.0).astype(int), image, atol=1)
    grey = faulty_colour(image, np.array([0.0, -1.0, 0.0]), 0.0).astype(int)
    assert np.ptp(grey, axis=-1).max() <= 1, "no saturation"
    bright = faulty_colour(image, np.array([0.0, 0.0, 0.25]), 0.0)
    np.testing.assert_allclose(bright.mean() / image.mean(), 1.25, rtol=0.01)
    red = np.zeros((4, 4, 3), np.uint8) + np.array([180, 30, 30], np.uint8)
    turned = faulty_colour(red, np.array([1 / 3, 0, 0]), 0.0)[0, 0]
    assert turned.argmax() != 0, "a third of a turn is another colour"
    blurred = faulty_colour(image, none, 1.5)
    assert blurred.std() < image.std() / 2 and abs(blurred.mean() - image.mean()) < 1
