"""Several cameras as one: what matches in time, and what is lost."""

import threading

import numpy as np
import pytest

from expertgen.robots.faults import RobotFault
from expertgen.robots.rig import Rig
from expertgen.robots.robot import Frame


class FakeCamera:
    intrinsics = np.eye(3)

    def __init__(self, serial, times):
        self.serial, self.times, self.at = serial, times, 0
        self.fault, self.gate, self.closed = "", None, False

    def observe(self):
        if self.gate is not None:
            self.gate.wait()
        if self.fault:
            raise RobotFault(self.fault)
        time = self.times[min(self.at, len(self.times) - 1)]
        self.at += 1
        return Frame(time, int(time * 1000), self.serial, np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.float32))

    def close(self):
        self.closed = True


class Clock:
    time = 0.0

    def now(self):
        return self.time

    def sleep_until(self, moment):
        self.time = max(self.time, moment)


@pytest.fixture
def rigs():
    made = []

    def make(*cameras, **more):
        made.append(Rig(cameras, clock=Clock(), **more))
        return made[-1]

    yield make
    for rig in made:
        rig.close()
        assert all(camera.closed for camera in rig.cameras)


def test_frames_come_in_the_rigs_order_with_age_and_spread(rigs):
    rig = rigs(FakeCamera("b", [1.00]), FakeCamera("a", [1.01]), FakeCamera("c", [0.99]))
    rig._clock.time = 1.05
    told = rig.observe()
    assert [frame.serial for frame in told.frames] == ["b", "a", "c"]
    assert told.age == pytest.approx(0.06) and told.spread == pytest.approx(0.02)


def test_a_camera_ahead_of_the_others_gives_the_frame_that_matches_them(rigs):
    ahead = FakeCamera("a", [1.000, 1.033])
    rig = rigs(ahead, FakeCamera("b", [0.998, 0.998]))
    rig.observe()
    told = rig.observe()
    assert [frame.time for frame in told.frames] == [1.000, 0.998]


def test_frames_too_far_apart_are_refused_naming_who_is_late(rigs):
    rig = rigs(FakeCamera("a", [1.0]), FakeCamera("b", [0.9]), FakeCamera("c", [1.0]))
    with pytest.raises(RobotFault, match=r"camera b are 100 ms older.*34 ms"):
        rig.observe()


def test_every_lost_camera_is_named(rigs):
    cameras = [FakeCamera(serial, [1.0]) for serial in "abc"]
    rig = rigs(*cameras)
    rig.observe()
    cameras[0].fault, cameras[2].fault = "camera a: gone.", "camera c: gone."
    with pytest.raises(RobotFault, match=r"camera a: gone\. camera c: gone\."):
        rig.observe()
    cameras[0].fault = cameras[2].fault = ""
    assert len(rig.observe().frames) == 3


def test_a_camera_that_does_not_answer_cannot_hang_the_rig(rigs):
    cameras = [FakeCamera(serial, [1.0]) for serial in "ab"]
    cameras[1].gate = threading.Event()
    before = threading.active_count()
    rig = rigs(*cameras, timeout=0.1)
    for _ in range(3):
        with pytest.raises(RobotFault, match=r"camera b: it has not answered within 0\.1 s"):
            rig.observe()
    assert threading.active_count() <= before + 2  # a camera that hangs takes one thread, however often it is asked
    cameras[1].gate.set()
    assert len(rigs(*cameras).observe().frames) == 2


def test_cameras_of_one_number_are_refused():
    with pytest.raises(RobotFault, match="different serial numbers; found: a, a"):
        Rig([FakeCamera("a", [1.0]), FakeCamera("a", [1.0])])
