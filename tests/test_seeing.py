"""A real rig's frames to what students see: the same points and images as in simulation."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from expertgen.camera_env import PROPRIOCEPTION
from expertgen.errors import InvalidParameter
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import ArmState, Frame, GripperState
from expertgen.seeing import Seeing, proprioception, sample
from expertgen.vision.pinhole import Pinhole

VISION = {
    "width": 96, "height": 54, "fovy": 42.0, "depth_range": [0.25, 2.5],
    "cameras": [{"name": name, "position": [0, 0, 0], "target": [0, 0, 0]} for name in ("front", "side")],
    "cloud": {"points": 256, "voxel": 0.006, "low": [0.2, -0.45, 0.008], "high": [0.8, 0.45, 0.3]},
}  # fmt: skip
SERIALS = {"front": "f1", "side": "s1"}
# A D435i's colour image: not square to the last digit, and its centre is not the image's.
LENS = np.array([[912.3, 0, 647.9], [0, 911.1, 365.2], [0, 0, 1]])
DOWN = np.array([[0.0, -1, 0, 0.5], [-1, 0, 0, 0.0], [0, 0, -1, 1.0], [0, 0, 0, 1]])  # a metre up, looking down


def calibration(pose=DOWN, intrinsics=LENS):
    return SimpleNamespace(base_T_color=pose, intrinsics=intrinsics)


def seeing(sees="points", **more):
    return Seeing(VISION, sees, SERIALS, {"f1": calibration(**more), "s1": calibration(**more)})


def frame(serial, depth=None, colour=None, size=(720, 1280)):
    depth = np.zeros(size, np.float32) if depth is None else depth
    return Frame(1.0, 7, serial, np.zeros((*size, 3), np.uint8) if colour is None else colour, depth)


ARM = ArmState(1.0, np.arange(7.0), np.zeros(7), np.array([0.4, 0.1, 0.2]), np.eye(3), np.zeros(6), np.zeros(7), "idle")
GRIPPER = GripperState(1.0, 0.05, False, False)


def test_points_of_a_box_lie_where_the_box_is():
    """A box of 0.1 x 0.06 m, 0.05 m high, at (0.5, 0.1), drawn with the lens and not with the student's pinhole."""
    v, u = np.mgrid[:720, :1280]
    local = np.stack([(u - LENS[0, 2]) / LENS[0, 0], (v - LENS[1, 2]) / LENS[1, 1], np.ones(u.shape)], -1)
    top = local * 0.95 @ DOWN[:3, :3].T + DOWN[:3, 3]
    on = (abs(top[..., 0] - 0.5) < 0.05) & (abs(top[..., 1] - 0.1) < 0.03)
    depth = np.where(on, 0.95, 1.0).astype(np.float32)
    seen = seeing()([frame("s1", depth), frame("f1", depth)], ARM, GRIPPER)
    assert seen.images is None and seen.points.shape == (1, 256, 3) and seen.points.dtype == torch.float32
    points = seen.points[0].numpy()
    assert points[:, 2] == pytest.approx(0.05, abs=1e-5)  # the table, at zero, is cropped
    middle = (points.min(0) + points.max(0)) / 2
    assert middle[:2] == pytest.approx([0.5, 0.1], abs=0.004)
    assert np.ptp(points, axis=0)[:2] == pytest.approx([0.1, 0.06], abs=0.016)


def test_depths_outside_of_the_range_tell_nothing():
    near = seeing(pose=DOWN - np.eye(4)[:, [3]] @ [[0, 0, 0, 0]])([frame("f1"), frame("s1")], ARM, GRIPPER)
    assert not near.points.any()


def test_the_same_seed_and_step_give_the_same_points_and_another_step_others():
    depth = np.full((720, 1280), 0.9, np.float32)
    frames = [frame("f1", depth), frame("s1", depth)]
    one, other = seeing(), seeing()
    first = one(frames, ARM, GRIPPER)
    assert torch.equal(first.points, other(frames, ARM, GRIPPER).points)
    assert not torch.equal(first.points, one(frames, ARM, GRIPPER).points)
    one.reset(0)
    assert torch.equal(first.points, one(frames, ARM, GRIPPER).points)


def test_images_come_in_the_students_order_and_size():
    colours = {serial: np.full((720, 1280, 3), value, np.uint8) for serial, value in (("f1", 10), ("s1", 200))}
    seen = seeing("images")([frame(serial, colour=colours[serial]) for serial in ("s1", "f1")], ARM, GRIPPER)
    assert seen.points is None and seen.images.shape == (1, 2, 54, 96, 3) and seen.images.dtype == torch.uint8
    assert (seen.images[0, 0, 2:-2, 2:-2] == 10).all() and (seen.images[0, 1, 2:-2, 2:-2] == 200).all()


def test_an_image_is_the_mean_of_what_its_pixels_cover():
    stripes = np.zeros((720, 1280, 3), np.uint8)
    stripes[:, ::2] = 200
    seen = seeing("images")([frame("f1", colour=stripes), frame("s1")], ARM, GRIPPER)
    assert np.abs(seen.images[0, 0, 5:-5, 5:-5].numpy().astype(int) - 100).max() < 12


def test_the_students_own_camera_is_left_as_it_is():
    pinhole = Pinhole(42.0, 96, 54)
    own = pinhole.matrix.copy()
    own[:2, 2] -= 0.5  # RealSense puts the first pixel's centre at zero
    image = np.random.default_rng(0).random((54, 96))
    taken, inside = sample(image, own, pinhole)
    assert inside.all() and np.array_equal(taken, image)


def test_what_a_camera_does_not_see_is_black_and_has_no_depth():
    narrow = np.array([[200.0, 0, 47.5], [0, 200.0, 26.5], [0, 0, 1]])
    taken, inside = sample(np.ones((54, 96), np.float32), narrow, Pinhole(42.0, 96, 54))
    assert 0 < inside.mean() < 0.5 and (taken == inside).all()


def test_proprioception_is_as_in_simulation():
    told = proprioception(ARM, GRIPPER)
    assert told.shape == (1, PROPRIOCEPTION) and told.dtype == torch.float32
    assert told[0].tolist() == pytest.approx([*range(7), 0.4, 0.1, 0.2, 1, 0, 0, 0, 1, 0, 0.05])


def test_a_camera_without_a_frame_is_named():
    with pytest.raises(RobotFault, match="no frame of camera s1"):
        seeing()([frame("f1")], ARM, GRIPPER)


def test_cameras_that_the_student_does_not_have_and_uncalibrated_ones_are_refused():
    with pytest.raises(InvalidParameter, match="sees by the cameras front, side"):
        Seeing(VISION, "points", {"front": "f1"}, {"f1": calibration()})
    with pytest.raises(InvalidParameter, match="camera s1 is not calibrated"):
        Seeing(VISION, "points", SERIALS, {"f1": calibration()})
