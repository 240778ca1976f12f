"""The real client of RealSense cameras against devices of software."""

import time

import numpy as np
import pytest

try:
    import pyrealsense2 as rs
except ImportError:  # absent, or without libusb
    pytest.skip("pyrealsense2 cannot be loaded", allow_module_level=True)

from expertgen.emulation.cameras import EmulatedCamera, Optics
from expertgen.robots.faults import RobotFault
from expertgen.robots.realsense import RealSenseCamera, Streams, find_device

SIZE = (96, 54)
MATRIX = np.array([[70.0, 0, 47.0], [0, 70.0, 26.0], [0, 0, 1]])
DEPTH = np.full((54, 96), 0.8, dtype=np.float32)
FRAME = 1 / 30


def grey(value):
    return np.full((54, 96, 3), value % 200, dtype=np.uint8)


class World:
    """A clock, and an emulated camera that shows a picture every thirtieth of a second of it, unless it is `still`."""

    def __init__(self, optics=None, serial="1001"):
        self.camera = EmulatedCamera(serial, optics or Optics(SIZE, MATRIX))
        self.time, self.shown, self.still = 0.0, 0, False

    def now(self):
        return self.time

    def sleep_until(self, moment):
        while self.time < moment - 1e-9:
            self.time = min(moment, self.time + FRAME / 4)
            if not self.still and self.time >= (self.shown + 1) * FRAME - 1e-9:
                self.shown += 1
                self.camera.show(grey(self.shown), DEPTH, self.time)

    def driver(self, filters=(), **more):
        streams = Streams(SIZE, self.camera.optics.depth_size or SIZE, 30, filters)
        return RealSenseCamera(self.camera.device, streams, clock=self, dated=self.camera.dated, **more)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def driver(world):
    driver = world.driver()
    yield driver
    driver.close()


def arrived(driver, world):
    """The newest frame, once librealsense's threads have passed it on."""
    for _ in range(200):
        if (frame := driver.observe()).number == world.shown:
            break
        time.sleep(0.01)
    return frame


def test_it_gives_the_newest_frame_with_its_time_and_number(world, driver):
    assert driver.serial == "1001"
    assert driver.intrinsics == pytest.approx(MATRIX)
    for _ in range(10):
        world.sleep_until(world.time + FRAME)
        frame = arrived(driver, world)
        assert (frame.number, frame.serial) == (world.shown, "1001")
        assert 0 <= world.time - frame.time < FRAME
        assert frame.colour.shape == (54, 96, 3) and (frame.colour == world.shown).all()
        seen = frame.depth > 0  # some pixels are left out where librealsense registers depth to colour
        assert frame.depth.dtype == np.float32 and seen.mean() > 0.8
        assert frame.depth[seen] == pytest.approx(DEPTH[seen])


def test_without_a_newer_frame_it_gives_the_same_number(world, driver):
    world.sleep_until(world.time + FRAME)
    first = driver.observe()
    assert driver.observe() is first


def test_frames_that_come_twice_count_once(world, driver):
    world.sleep_until(world.time + FRAME)
    first, world.still = driver.observe(), True
    for _ in range(3):
        world.sleep_until(world.time + FRAME)
        world.camera.show(grey(200), DEPTH, world.time, number=first.number)
        assert driver.observe() is first
    world.sleep_until(world.time + 0.5)
    with pytest.raises(RobotFault, match="no new frame"):
        driver.observe()


def test_of_several_frames_that_came_since_it_gives_the_newest(world, driver):
    world.sleep_until(world.time + 5 * FRAME)
    assert driver.observe().number == world.shown


def test_dropped_frames_show_as_a_gap_in_the_numbers(world, driver):
    world.sleep_until(world.time + FRAME)
    before = driver.observe().number
    world.camera.lost = True
    world.sleep_until(world.time + 4 * FRAME)
    world.camera.lost = False
    world.sleep_until(world.time + 2 * FRAME)
    assert driver.observe().number > before + 4


@pytest.mark.parametrize("how", ["lost", "still"])
def test_a_camera_without_new_frames_is_told_of_within_the_timeout(world, driver, how):
    world.sleep_until(world.time + FRAME)
    last = driver.observe().number
    setattr(world.camera if how == "lost" else world, how, True)
    world.sleep_until(world.time + 0.4)
    assert driver.observe().number == last
    world.sleep_until(world.time + 0.2)
    with pytest.raises(RobotFault, match=rf"camera 1001: no new frame for 0\.\d+ s; its last was number {last}"):
        driver.observe()


def test_a_camera_that_comes_back_is_seen_again(world, driver):
    world.camera.lost = True
    world.sleep_until(world.time + 1.0)
    with pytest.raises(RobotFault):
        driver.observe()
    world.camera.lost = False
    world.sleep_until(world.time + 3 * FRAME)
    assert driver.observe().number == world.shown


def test_a_device_that_counts_anew_after_a_reset_is_followed(world, driver):
    world.sleep_until(world.time + 5 * FRAME)
    driver.observe()
    world.camera._number = 0
    world.sleep_until(world.time + 2 * FRAME)
    assert driver.observe().number < 4


def test_a_camera_that_gives_no_frame_at_all_is_told_of(world):
    world.camera.lost = True
    with pytest.raises(RobotFault, match=r"no frame of colour and depth within 0\.2 s"):
        world.driver(connect_timeout=0.2)


def test_streams_that_it_has_not_are_told_with_those_that_it_has(world):
    with pytest.raises(RobotFault, match=r"no color stream of 640x480.*it has: 96x54 at 30/s as rgb8"):
        RealSenseCamera(world.camera.device, Streams((640, 480), SIZE), clock=world)


def test_a_distorted_image_is_refused(world, monkeypatch):
    import expertgen.emulation.cameras as cameras

    plain = cameras._intrinsics

    def bent(size, matrix):
        told = plain(size, matrix)
        told.model, told.coeffs = rs.distortion.brown_conrady, [0.1, 0, 0, 0, 0]
        return told

    monkeypatch.setattr(cameras, "_intrinsics", bent)
    with pytest.raises(RobotFault, match="distorted"):
        World().driver()


def test_depth_is_registered_to_colour_where_the_lenses_stand_apart():
    """A step in depth, seen by a depth camera 20 mm beside the colour camera, lies where the colour camera sees it."""
    beside = np.eye(4)
    beside[0, 3] = -0.02
    wide = np.array([[50.0, 0, 63.5], [0, 50.0, 35.5], [0, 0, 1]])
    world = World(Optics(SIZE, MATRIX, (128, 72), wide, beside))
    # The plane's edge is at x = 0 of the colour camera: 20 mm to the right of the depth camera.
    edge = 63.5 + 50.0 * 0.02 / 0.8
    depth = np.where(np.arange(128) < edge, 0.8, 0).astype(np.float32)
    world.camera.show = _with_depth(world.camera.show, np.broadcast_to(depth, (72, 128)).copy())
    driver = world.driver()
    try:
        row = driver.observe().depth[27]
    finally:
        driver.close()
    last = np.flatnonzero(row > 0).max()
    assert last == pytest.approx(47.0, abs=1.5)
    assert row[10:45] == pytest.approx(0.8, abs=0.002)


def _with_depth(show, depth):
    return lambda colour, _, time, number=None: show(colour, depth, time, number)


def test_filters_leave_a_plane_where_it_is(world):
    driver = world.driver(("spatial", "temporal"))
    try:
        world.sleep_until(world.time + 3 * FRAME)
        assert np.median(driver.observe().depth) == pytest.approx(0.8, abs=0.002)
    finally:
        driver.close()


def test_times_of_hardware_are_put_on_the_machines_clock(world, monkeypatch):
    import expertgen.robots.realsense as realsense

    driver = world.driver()
    monkeypatch.setattr(realsense.time, "time", lambda: 5000.0)
    world.time = 77.0
    try:
        assert driver._on_machine(4999.95 * 1000, "global_time") == pytest.approx(76.95)
        assert driver._on_machine(5000.5 * 1000, "system_time") == 77.0  # no frame is from the future
        assert driver._on_machine(123.0, "hardware_clock") == 77.0  # when it arrived
    finally:
        driver.close()


def test_a_serial_number_that_is_not_on_usb_is_told_with_those_that_are():
    with pytest.raises(RobotFault, match="camera 42: it is not on USB; found: none"):
        find_device("42")
