"""Calibration on pictures that MuJoCo draws: the board in the simulated hand, by the canvas of students."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from expertgen.robots.calibration_reach import reachable
from expertgen.robots.calibration_transforms import angle
from expertgen.robots.calibration_views import look
from expertgen.robots.charuco import Board
from expertgen.robots.hand_eye import Views, fit
from expertgen.vision.board import BoardView
from tests.robots.calibration_devices import NumberArm, first_joints
from tests.robots.rendered_board import BASE_T_COLOR, BOARD, LIMITS, PARAMS, TOOL_T_BOARD, wobbled


def views_of(view, joints):
    board, arm, tools, sights, depths = Board(BOARD), NumberArm(first_joints()), [], [], []
    for each in joints:
        arm.joints = each
        colour, depth = view.draw(each)
        sight = look(board, colour, view.intrinsics, LIMITS)
        if not sight.refusal:
            tools.append(arm.base_T_tool)
            sights.append(sight)
            spots = np.rint(sight.detection.pixels).astype(int)
            away = board.corners[sight.detection.ids] @ sight.color_T_board[2, :3] + sight.color_T_board[2, 3]
            depths.append(np.median(depth[spots[:, 1], spots[:, 0]] / away))
    detections = tuple(sight.detection for sight in sights)
    poses = np.stack([sight.color_T_board for sight in sights])
    return Views(np.stack(tools), poses, detections, view.intrinsics, board), np.array(depths)


def test_the_camera_is_found_within_a_millimetre_on_drawn_pictures():
    view = BoardView(Board(BOARD), TOOL_T_BOARD, BASE_T_COLOR, 42.0, 640, 480)
    try:
        views, depths = views_of(view, reachable(NumberArm(first_joints()).observe(), PARAMS))
    finally:
        view.close()
    assert len(views) >= 17
    assert np.abs(depths - 1).max() < 0.01
    for millimetres, degrees in ((0.0, 0.0), (0.2, 0.02)):
        told = wobbled(views.base_T_tool, np.random.default_rng(0), millimetres, degrees)
        noisy = Views(told, views.color_T_board, views.detections, views.intrinsics, views.board)
        found = fit(noisy, PARAMS.noise)["bundle"]
        assert 1e3 * np.linalg.norm((found.base_T_color - BASE_T_COLOR)[:3, 3]) < 1.0
        assert angle(found.base_T_color, BASE_T_COLOR) < 0.08


def test_rays_find_the_board_where_opengl_does():
    """Without OpenGL the pictures are plainer, and their corners the same."""
    board, joints = Board(BOARD), first_joints()
    found = []
    for backend in ("ray", None):
        view = BoardView(board, TOOL_T_BOARD, BASE_T_COLOR, 42.0, 320, 240, samples=2, backend=backend)
        found.append(board.detect(view.draw(joints)[0]))
        view.close()
    assert len(found[0].ids) == len(found[1].ids) == 24
    assert np.abs(found[0].pixels - found[1].pixels).max() < 0.3
