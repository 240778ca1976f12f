"""Trials of a student through the robot's real clients, against the emulated robot; minutes on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from expertgen import cli
from expertgen.benchmarks import TASKS
from expertgen.env import WORKSPACE, start_generator
from expertgen.params import load_params
from expertgen.stages.robot_trial_emulation import EmulatedSession, open_session
from expertgen.trials.record import read_record, write_record
from expertgen.trials.session import TrialOrder
from expertgen.trials.starts import StartPose
from expertgen.workspace import Workspace
from tests.stages.test_robot_trial import student

try:
    import franky  # noqa: F401
    import franky_sim  # noqa: F401
    import pyrealsense2  # noqa: F401
except ImportError:  # absent, or without libusb
    pytest.skip("the robot's clients cannot be loaded", allow_module_level=True)

pytestmark = pytest.mark.slow
TASK, SECONDS = "lift_banana", 0.8


@pytest.fixture(scope="module")
def project(tmp_path_factory, tiny_student) -> Path:
    """A project with a student that was taught nothing and hardly leaves where it is."""
    folder = tmp_path_factory.mktemp("emulated")
    tiny_student(folder, head="regression")
    student(folder / "data" / TASK / "student", 0, folder / "params.yaml")
    return folder


@pytest.fixture(scope="module")
def session(project: Path) -> Iterator[EmulatedSession]:
    opened = open_session(load_params(project / "params.yaml"), Workspace(project, TASK), [checkpoint(project)])
    yield opened
    opened.close()


def checkpoint(project: Path) -> Path:
    return project / "data" / TASK / "student"


def order(project: Path, seed: int, seconds: float = SECONDS) -> TrialOrder:
    drawn = TASKS[TASK].reset_distribution(start_generator(seed))
    start = StartPose(0, seed, drawn.joints, drawn.fingers, np.asarray(drawn.objects), ())
    return TrialOrder(1, 1, checkpoint(project), start, seconds, seed + 1)


def test_a_trial_goes_through_the_clients_and_is_recorded(project, session, tmp_path) -> None:
    wanted = order(project, 11)
    session.prepare(wanted.start)
    told = session.devices.remote.ask("state")
    np.testing.assert_allclose(told["joints"], wanted.start.joints, atol=1e-3)
    np.testing.assert_allclose(told["objects"], wanted.start.objects, atol=2e-3)
    record = session.run(wanted)
    assert record.fault == "" and record.clock == "emulation" and 6 <= len(record) <= 8
    np.testing.assert_allclose(record.proprioception[0, :7], wanted.start.joints, atol=2e-3)
    assert record.proprioception[0, 16] == pytest.approx(0.08, abs=2e-3)
    assert np.isfinite(record.sent).all() and not record.success.any()
    assert (record.sent[:, :3] >= WORKSPACE[0] - 1e-3).all() and (record.sent[:, :3] <= WORKSPACE[1] + 1e-3).all()
    assert all((film != film[0]).any() for film in record.frames.values())  # noise and motion
    assert np.abs(record.points.astype(np.float32)).max() > 0
    assert record.points.shape[:2] == (len(record), session.devices.calibrations and 16)
    write_record(tmp_path / "one", record)
    assert read_record(tmp_path / "one").vision == record.vision


def test_the_stop_button_ends_a_trial_and_a_person_s_word_begins_the_next(project, session) -> None:
    wanted, remote = order(project, 12), session.devices.remote
    session.prepare(wanted.start)
    remote.ask("button", pressed=True)
    try:
        assert session.devices.arm.observe().mode == "stopped"
        with pytest.raises(Exception, match="stop"):
            session.run(wanted)
    finally:
        remote.ask("button", pressed=False)
    session.prepare(wanted.start)
    assert session.run(wanted).fault == ""


def test_the_demo_says_where_everything_is(project, session, capsys) -> None:
    session.close()  # one emulation of a process at a time
    assert cli.main(["robot", "demo", TASK, "--trials", "1", "--params", str(project / "params.yaml")]) == 0
    said = capsys.readouterr().out
    assert "Success in 0 of 1 trials" in said and "not run on hardware" in said
    folder = project / "runs" / "robot_demo" / TASK / "1"
    assert (folder / "trials.md").is_file() and list((folder / "episodes" / "001-1").glob("*.mp4"))
