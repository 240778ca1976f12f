"""`expertgen robot calibrate`, from the printed board to the check, with the arm and camera replaced by numbers."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("cv2")

from expertgen.cli import main
from expertgen.robots.charuco import Board
from expertgen.stages import robot_calibrate
from tests.robots.calibration_devices import NumberArm, NumberCamera, first_joints
from tests.robots.rendered_board import BOARD, Painter

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path, monkeypatch):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def devices(monkeypatch):
    arm = NumberArm(first_joints())
    camera = NumberCamera(arm, Painter(Board(BOARD), samples=3))

    @contextmanager
    def opened(args):
        yield arm, [camera]

    monkeypatch.setattr(robot_calibrate, "open_devices", opened)
    return arm, camera


def calibrate(*words):
    return main(["robot", "calibrate", *map(str, words)])


def test_from_the_board_to_the_check(project, devices, capsys):
    assert calibrate("board") == 0
    assert (project / "calibration" / "board.pdf").read_bytes().startswith(b"%PDF")
    text = (project / "params.yaml").read_text().replace("settle: 0.5 ", "settle: 0.0 ")
    (project / "params.yaml").write_text(text)
    assert calibrate("record", "views", "--poses", "auto", "--yes") == 0
    assert "yes (--yes)" in capsys.readouterr().out
    assert calibrate("solve", "views") == 0
    out = capsys.readouterr().out
    assert "<- chosen" in out and "daniilidis" in out and "written to calibration/112322071234.json" in out
    assert calibrate("check", "views") == 0
    assert "camera 112322071234: 0.0 days old" in capsys.readouterr().out
    # A week's limit and a file of a month: refused, and what to do.
    (project / "params.yaml").write_text(text.replace("max_age: 30.0 ", "max_age: 1e-9 "))
    assert calibrate("check") == 2
    assert "calibration.max_age" in capsys.readouterr().err


def test_mistakes_are_told_in_a_line(project, devices, capsys):
    (project / "poses.json").write_text(json.dumps([[0.0] * 6]))
    (project / "calibration").mkdir()
    for words, expected in [
        (["solve"], "expected the folder of a recording"),
        (["solve", "nothing"], "recording.json does not exist"),
        (["check"], "record FOLDER"),
        (["check", "--camera", "123"], "has not been calibrated"),
        (["board", "board.jpg"], ".pdf or .png"),
        (["record", "views", "--yes"], "--poses"),
        (["record", "views", "--poses", "poses.json"], "lists of 7 numbers"),
        (["record", "views", "--poses", "missing.json"], "does not exist"),
    ]:
        assert calibrate(*words) == 2, words
        assert expected in capsys.readouterr().err, words
    assert not (project / "views").exists()


def test_a_recording_without_good_views_is_refused_and_writes_nothing(project, devices, capsys):
    arm, _ = devices
    (project / "poses.json").write_text(json.dumps([arm.joints.tolist()]))
    assert calibrate("record", "views", "--poses", "poses.json", "--yes") == 0
    assert calibrate("solve", "views") == 2
    error = capsys.readouterr().err
    assert "1 good views, expected 12 or more" in error and "Nothing was written" in error
    assert not (project / "calibration").exists()
    assert calibrate("solve", "views", "--camera", "7") == 2
    assert "expected cameras of views: 112322071234" in capsys.readouterr().err
    assert calibrate("solve", "views", "--without", "x") == 2
    assert "--without" in capsys.readouterr().err


def test_devices_must_be_named(project, capsys):
    assert calibrate("record", "views") == 2
    assert "--arm ADDRESS and --camera SERIAL" in capsys.readouterr().err
