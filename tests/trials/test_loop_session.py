"""Trials through a control loop over any devices: here a robot of pure Python."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from expertgen.errors import IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.params import as_dict, load_params
from expertgen.robots.control_policy import InlinePolicy
from expertgen.robots.faults import RobotFault
from expertgen.robots.rig import Rig
from expertgen.robots.station import read_station
from expertgen.stages import robot_trial_hardware
from expertgen.trials.loop_session import LoopSession
from expertgen.trials.record import read_record, write_record
from expertgen.trials.session import TrialOrder
from expertgen.trials.starts import StartPose
from expertgen.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "benchmarks") not in sys.path:
    sys.path.append(str(ROOT / "benchmarks"))
import robot_faults_kinematic as kinematic  # noqa: E402

PARAMS, STUDENT, SECONDS = load_params(ROOT / "params.yaml"), Path("student"), 0.8
VISION = {name: value for name, value in as_dict(PARAMS.vision).items() if name != "randomise"}
START = StartPose(0, 5, kinematic.HOME + 0.05, np.full(2, 0.04), np.zeros((1, 7)), ())


class Student:
    """Goes up by a centimetre a step from where the tool is, the hand open."""

    sees, vision = "points", VISION

    def __init__(self) -> None:
        self.shown: list = []

    def act(self, seen):
        self.shown.append(seen)
        chunk = torch.zeros(1, 8, 10)
        chunk[..., :9] = seen.proprioception[:, None, 7:16]
        chunk[..., 2] += 0.01 * torch.arange(1, 9)
        chunk[..., 9] = -1
        return chunk


class Devices:
    """`trouble` is called whenever the arm is asked."""

    def __init__(self, trouble=lambda devices: None) -> None:
        made = kinematic.make(0, PARAMS.robot)
        self.arm, self.gripper, self.clock, self.about = made.arm, made.gripper, made.clock, {"robot": "made up"}
        self.rig = Rig(made.cameras, clock=made.clock)
        names = [camera["name"] for camera in VISION["cameras"]]
        self.serials = dict(zip(names, (camera.serial for camera in made.cameras), strict=True))
        known = SimpleNamespace(base_T_color=np.eye(4), intrinsics=np.eye(3))
        self.calibrations = dict.fromkeys(self.serials.values(), known)
        self.laid, self.begun, self.closed, observe = [], [], False, self.arm.observe
        self.arm.observe = lambda: (trouble(self), observe())[1]  # type: ignore[method-assign]

    def lay(self, start):
        self.laid.append(start)

    def begin(self, order):
        self.begun.append(order)

    def success(self):
        return bool(self.arm.joints[0] > -9)

    def close(self):
        self.rig.close()
        self.closed = True


def order(seconds=SECONDS):
    return TrialOrder(1, 1, STUDENT, START, seconds, 3)


OPENED: list[LoopSession] = []


@pytest.fixture(autouse=True)
def _closed():
    """Whatever a test opened is closed: its threads end."""
    yield
    while OPENED:
        OPENED.pop().close()


def session(devices, student=None, log=None):
    OPENED.append(LoopSession(devices, PARAMS, {STUDENT: student or Student()}, InlinePolicy, "emulation", log))
    return OPENED[-1]


def test_a_trial_is_recorded_as_it_went(tmp_path):
    devices, student = Devices(), Student()
    with_it = session(devices, student)
    with_it.prepare(START)
    np.testing.assert_allclose(devices.arm.joints, START.joints)
    record = with_it.run(order())
    assert len(record) == 8 and record.fault == "" and record.clock == "emulation"
    np.testing.assert_allclose(np.diff(record.times), 0.1, atol=1e-6)
    np.testing.assert_allclose(record.asked, record.sent, atol=1e-6)
    assert (record.sent[:, 9] == -1).all()
    np.testing.assert_allclose(record.proprioception[0], student.shown[-1].proprioception[0], atol=1e-6)
    assert record.proprioception[-1, 9] > record.proprioception[0, 9] + 0.03  # it went up
    assert list(record.frames) == [camera["name"] for camera in VISION["cameras"]]
    assert record.frames["front"].shape == (8, VISION["height"], VISION["width"], 3)
    assert record.points.shape == (8, VISION["cloud"]["points"], 3) and record.success.all()
    assert all((record.times - times < 0.1).all() for times in record.frame_times.values())
    write_record(tmp_path / "one", record)
    assert len(read_record(tmp_path / "one")) == 8
    assert devices.laid == [START] and devices.begun == [order()]
    assert {"observe", "send", "decide", "policy", "see", "gripper"} <= with_it.timings.keys()
    with_it.close()
    assert devices.closed


def test_a_reflex_amid_a_trial_is_a_fault_and_the_next_preparation_recovers():
    def reflex(devices):
        if devices.begun and not devices.struck and devices.clock.now() > devices.since + 0.35:
            devices.arm.mode, devices.struck = "reflex", True

    devices = Devices(reflex)
    devices.struck, devices.since = False, devices.clock.now()
    with_it = session(devices)
    record = with_it.run(order())
    assert "mode reflex" in record.fault and 3 <= len(record) < 8
    assert record.decisions[-1].verdict in ("stopped", "held") and record.decisions[-1].step == len(record) - 1
    with pytest.raises(RobotFault, match="cannot start"):  # not by itself
        with_it.run(order())
    with_it.prepare(START)
    assert with_it.run(order()).fault == ""


def test_no_step_no_record():
    def gone(devices):
        if devices.begun:
            raise RobotFault("arm: it is lost")

    with pytest.raises(RobotFault, match="it is lost"):
        session(Devices(gone)).run(order())


def test_what_is_no_number_is_held_and_recorded_as_asked():
    class Mad(Student):
        def act(self, seen):
            return super().act(seen) * float("nan")

    record = session(Devices(), Mad()).run(order())
    assert np.isnan(record.asked).all() and np.isfinite(record.sent).all()
    assert {(one.check, one.verdict) for one in record.decisions} >= {("finite", "held")}


def test_all_decisions_are_logged():
    log = []
    session(Devices(), log=log.append).run(order())
    assert sum(entry["event"] == "decision" for entry in log) == 8


def test_a_station_names_its_devices(tmp_path):
    path = tmp_path / "robot.yaml"
    path.write_text("arm: 172.16.0.2\ngripper: franka\ngripper_at: none\n"
                    "cameras: [{name: front, serial: '12'}, {name: side, serial: '13'}]\n")
    assert read_station(path).serials == {"front": "12", "side": "13"}
    path.write_text("arm: 172.16.0.2\ngripper: suction\ncameras: []\n")
    with pytest.raises(InvalidParameter, match="suction"):
        read_station(path)
    with pytest.raises(MissingInput, match="robot_setup"):
        read_station(tmp_path / "none.yaml")


def test_on_hardware_another_gripper_than_the_students_is_refused(tmp_path):
    (tmp_path / "robot.yaml").write_text("arm: 172.16.0.2\ngripper: robotiq\ngripper_at: /dev/ttyUSB0\n"
                                         "cameras: [{name: front, serial: '12'}]\n")
    with pytest.raises(IncompatibleArtifact, match="taught with"):
        robot_trial_hardware.open_session(PARAMS, Workspace(tmp_path, "lift_banana"), [])
