"""The board: as printed, as found in pictures, and the views that are refused."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from expertgen.errors import InvalidParameter
from expertgen.robots.calibration_print import write_board
from expertgen.robots.calibration_transforms import pose, turned
from expertgen.robots.calibration_views import look, project, rms
from expertgen.robots.charuco import Board
from tests.robots.rendered_board import BOARD, INTRINSICS, LIMITS, Painter

CENTRED = np.array([-0.126, -0.09, 0.0])


@pytest.fixture(scope="module")
def board():
    return Board(BOARD)


@pytest.fixture(scope="module")
def painter(board):
    return Painter(board, samples=3)


def facing(distance, turn=(0.0, 0.0, 0.0), shift=(0.0, 0.0)):
    rotation = turned(np.deg2rad(turn))
    return pose(rotation, rotation @ CENTRED + [*shift, distance])


def test_rectangles_are_those_that_opencv_draws(board):
    side = 8  # cells of a square, of which a marker has six
    raster = np.ones((5 * side, 7 * side), dtype=bool)
    for x, y, w, h in board.black * side / BOARD.square:
        raster[round(y) : round(y + h), round(x) : round(x + w)] = False
    assert np.array_equal(raster, board._board.generateImage((7 * side, 5 * side), marginSize=0, borderBits=1) > 0)
    assert np.allclose(board.corners, np.array(board._board.getChessboardCorners()))


@pytest.mark.parametrize("turn", [(0, 0, 0), (25, -20, 40)])
def test_corners_and_pose_are_found_to_a_fraction_of_a_pixel(board, painter, turn):
    true = facing(0.7, turn)
    sight = look(board, painter.draw(true, np.random.default_rng(0), blur=0.6), INTRINSICS, LIMITS)
    off = sight.detection.pixels - project(true, board.corners[sight.detection.ids], INTRINSICS)
    assert sight.refusal == "" and len(sight.detection.ids) == 24
    assert rms(off) < 0.2 and np.abs(off.mean(0)).max() < 0.06  # an origin half a pixel off would show
    assert np.linalg.norm((sight.color_T_board - true)[:3, 3]) < 2e-3


def test_a_part_of_the_board_keeps_its_names(board, painter):
    true = facing(0.6, shift=(0.31, 0.0))
    sight = look(board, painter.draw(true), INTRINSICS, dataclasses.replace(LIMITS, corners=0.3))
    assert 0 < len(sight.detection.ids) < 24
    assert rms(sight.detection.pixels - project(true, board.corners[sight.detection.ids], INTRINSICS)) < 0.3


@pytest.mark.parametrize(
    ("true", "blur", "limits", "word"),
    [
        (facing(0.7, shift=(0.4, 0.0)), 0.5, {}, "corners found"),
        (facing(1.2), 0.5, {"square": 20.0}, "nearer"),
        (facing(0.6, (0, 50, 0)), 0.5, {"tilt": 45.0}, "tilted"),
        (facing(0.42), 1.8, {"blur": 1.5}, "blurred"),
    ],
)
def test_bad_views_are_refused_with_what_to_do(board, painter, true, blur, limits, word):
    picture = painter.draw(true, blur=blur)
    assert word in look(board, picture, INTRINSICS, dataclasses.replace(LIMITS, **limits)).refusal


def test_a_picture_with_other_intrinsics_is_refused(board, painter):
    wrong = INTRINSICS * np.array([[1.0, 1, 1], [1, 1.25, 1], [1, 1, 1]])
    assert "intrinsics" in look(board, painter.draw(facing(0.6, (20, 30, 10))), wrong, LIMITS).refusal


def test_nothing_is_found_in_noise(board):
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    assert "0 of 24" in look(board, noise, INTRINSICS, LIMITS).refusal


def test_the_printed_board_has_its_true_size(board, tmp_path):
    assert write_board(board, tmp_path / "board.png") == "A4"
    with Image.open(tmp_path / "board.png") as sheet:
        dots = sheet.info["dpi"][0]
        small = np.asarray(sheet.convert("L").reduce(8))
    found = board.detect(small)
    assert len(found.ids) == 24
    row = found.pixels[found.ids < 6]
    pitch = np.diff(row[:, 0]).mean() * 8 / dots * 25.4
    assert pitch == pytest.approx(1e3 * BOARD.square, rel=2e-3)


def test_the_pdf_is_a_page_of_its_paper_and_the_same_each_time(board, tmp_path):
    write_board(board, tmp_path / "one.pdf")
    write_board(board, tmp_path / "two.pdf")
    pdf = (tmp_path / "one.pdf").read_bytes()
    width, height = re.search(rb"/MediaBox \[ ?0 0 ([0-9.]+) ([0-9.]+)", pdf).groups()
    assert float(width) / 72 * 25.4 == pytest.approx(297, abs=0.1)
    assert float(height) / 72 * 25.4 == pytest.approx(210, abs=0.1)
    assert pdf == (tmp_path / "two.pdf").read_bytes()


def test_what_no_paper_holds_is_refused(board, tmp_path):
    with pytest.raises(InvalidParameter, match=r"\.pdf or \.png"):
        write_board(board, tmp_path / "board.jpg")
    with pytest.raises(InvalidParameter, match="A2"):
        write_board(Board(dataclasses.replace(BOARD, square=0.09, marker=0.06)), tmp_path / "board.pdf")
