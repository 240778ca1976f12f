"""A calibration's file: whole, strict, and refused where it is not this camera's, of now."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from expertgen.errors import CorruptArtifact, IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.robots.calibration_file import (
    Calibration,
    Residuals,
    calibration_path,
    read_calibration,
    write_calibration,
)
from tests.robots.rendered_board import BASE_T_COLOR, BOARD, INTRINSICS, PARAMS, TOOL_T_BOARD

SERIAL, NOW = "112322071234", datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MADE = Calibration(
    SERIAL, NOW - timedelta(days=3), BASE_T_COLOR, INTRINSICS, 640, 480, np.eye(4), TOOL_T_BOARD, "bundle", 20,
    Residuals(0.4, 0.7, 0.8, 0.2, 0.9, 0.06), BOARD, "first",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    write_calibration(tmp_path, MADE)
    return tmp_path


def read(folder, serial=SERIAL, intrinsics=None, now=NOW):
    return read_calibration(folder, serial, PARAMS, intrinsics, now)


def changed(folder, **values):
    path = folder / f"{SERIAL}.json"
    path.write_text(json.dumps({k: v for k, v in (json.loads(path.read_text()) | values).items() if v is not None}))


def test_what_is_written_is_read(folder):
    found = read(folder, intrinsics=INTRINSICS)
    for field in dataclasses.fields(Calibration):
        a, b = getattr(found, field.name), getattr(MADE, field.name)
        assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b, field.name
    assert [path.name for path in folder.iterdir()] == [f"{SERIAL}.json"]


def test_a_missing_one_says_how_to_make_it(tmp_path):
    with pytest.raises(MissingInput, match="calibrate record"):
        read(tmp_path)


def test_a_stale_one_is_refused(folder):
    assert read(folder, now=MADE.time + timedelta(days=29.9))
    with pytest.raises(IncompatibleArtifact, match=r"31\.0 days ago, expected 30 or less \(calibration\.max_age\)"):
        read(folder, now=MADE.time + timedelta(days=31))


def test_one_of_the_future_is_refused(folder):
    with pytest.raises(IncompatibleArtifact, match="clock"):
        read(folder, now=MADE.time - timedelta(hours=1))


def test_another_cameras_is_refused(folder):
    (folder / f"{SERIAL}.json").rename(folder / "999.json")
    with pytest.raises(IncompatibleArtifact, match=f"calibration of camera {SERIAL}, expected that of 999"):
        read(folder, serial="999")


def test_other_intrinsics_are_refused(folder):
    with pytest.raises(IncompatibleArtifact, match="640 x 480"):
        read(folder, intrinsics=INTRINSICS * [[2], [2], [1]])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"base_T_color": None}, "base_T_color: found nothing"),
        ({"base_T_color": [[1, 0], [0, 1]]}, "4 rows of 4 numbers"),
        ({"base_T_color": (2 * np.eye(4)).tolist()}, "expected a pose"),
        ({"base_T_color": [[1, 0, 0, "x"]] * 4}, "4 rows of 4 numbers"),
        ({"intrinsics": np.zeros((3, 3)).tolist()}, "no intrinsics"),
        ({"views": "20"}, "views: found '20'"),
        ({"colour": 1}, "an unknown key"),
        ({"residuals": {"held_out_px": 1.0}}, "residuals.worst_view_px: found nothing"),
        ({"views": 21}, "sha256"),
        ({"base_T_color": np.eye(4).tolist()}, "sha256"),
    ],
)
def test_a_damaged_one_is_refused(folder, values, words):
    changed(folder, **values)
    with pytest.raises(CorruptArtifact, match=words) as error:
        read(folder)
    assert "record views and solve again" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"null"])
def test_bytes_that_are_no_calibration_are_refused(folder, content):
    (folder / f"{SERIAL}.json").write_bytes(content)
    with pytest.raises(CorruptArtifact):
        read(folder)


def test_another_format_is_refused(folder):
    changed(folder, format=2)
    with pytest.raises(IncompatibleArtifact, match="format 2, expected 1"):
        read(folder)


@pytest.mark.parametrize("serial", ["", "../x", "a/b", ".hidden", "x" * 80])
def test_what_is_no_serial_number_names_no_file(tmp_path, serial):
    with pytest.raises(InvalidParameter, match="serial number"):
        calibration_path(tmp_path, serial)


def test_a_failed_writing_leaves_the_earlier_one(folder):
    with pytest.raises(ValueError, match="JSON"):
        write_calibration(folder, dataclasses.replace(MADE, base_T_color=np.full((4, 4), np.nan)))
    assert read(folder).method == "bundle"
