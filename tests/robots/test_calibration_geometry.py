"""Hand-eye methods and poses on numbers alone: any camera, any board in the hand, any poses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("cv2")

from expertgen.geometry import rotation_log
from expertgen.robots.calibration_poses import diversity, suggestions, too_alike, tool_targets
from expertgen.robots.calibration_transforms import angle, inverse, is_pose, mean_pose, pose, turned
from expertgen.robots.calibration_views import board_pose, project
from expertgen.robots.charuco import Board, Detection
from expertgen.robots.hand_eye import METHODS, Views, expected_deviation, fit
from expertgen.robots.hand_eye_scores import best, compare
from tests.robots.rendered_board import BASE_T_COLOR, BOARD, INTRINSICS, PARAMS, TOOL_T_BOARD, tool_facing, wobbled

SEEDS = st.integers(0, 2**31)
NOISE = PARAMS.noise


def random_pose(draw, reach=1.0):
    return pose(turned(draw.uniform(-1, 1, 3) * np.pi / 2), draw.uniform(-reach, reach, 3))


def seen(tools, base_T_color, tool_T_board, draw=None, pixels=0.0):
    """Views without pictures: corners where they are, and off by `pixels`."""
    board = Board(BOARD)
    true = inverse(base_T_color) @ tools @ tool_T_board
    corners = project(true, board.corners, INTRINSICS)
    if draw is not None:
        corners = corners + pixels * draw.standard_normal(corners.shape)
    poses = np.stack([board_pose(board.corners, found, INTRINSICS) for found in corners])
    return Views(tools, poses, tuple(Detection(np.arange(24), found) for found in corners), INTRINSICS, board)


def suggested(count=15):
    first = tool_facing(BASE_T_COLOR, 0.75)
    return tool_targets(first, TOOL_T_BOARD[:3, :3], suggestions(count, PARAMS.tilt, PARAMS.travel))


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_turned_is_undone_by_the_logarithm(vector):
    rotation = turned(np.array(vector))
    assert np.allclose(rotation.T @ rotation, np.eye(3), atol=1e-12)
    assert np.allclose(turned(rotation_log(rotation)), rotation, atol=1e-6)


def test_a_turn_about_z_takes_x_towards_y():
    assert np.allclose(turned(np.array([0, 0, np.pi / 2])) @ [1, 0, 0], [0, 1, 0])


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_transforms_invert_and_average(seed):
    draw = np.random.default_rng(seed)
    a, b = random_pose(draw), random_pose(draw)
    assert np.allclose(inverse(a @ b), inverse(b) @ inverse(a))
    assert is_pose(a @ b) and not is_pose(1.1 * a)
    assert np.allclose(mean_pose(np.stack([a, a, a])), a)
    middle = mean_pose(np.stack([a, b]))
    assert is_pose(middle) and angle(middle, a) == pytest.approx(angle(middle, b), abs=1e-6)


@given(SEEDS)
@settings(max_examples=4, deadline=None)
def test_every_method_finds_the_truth_where_nothing_errs(seed):
    draw = np.random.default_rng(seed)
    base_T_color, tool_T_board = random_pose(draw), random_pose(draw, 0.2)
    facing = pose(turned(draw.uniform(-0.5, 0.5, (12, 3))), draw.uniform([-0.2, -0.15, 0.6], [0, 0, 0.9], (12, 3)))
    views = seen(base_T_color @ facing @ inverse(tool_T_board), base_T_color, tool_T_board)
    fits = fit(views, NOISE)
    assert tuple(fits) == METHODS
    for method, found in fits.items():
        assert np.linalg.norm((found.base_T_color - base_T_color)[:3, 3]) < 1e-5, method
        assert angle(found.base_T_color, base_T_color) < 1e-3, method
        assert np.allclose(found.tool_T_board, tool_T_board, atol=1e-5), method


def test_fits_of_all_corners_do_best_on_views_held_out_and_say_how_well():
    draw = np.random.default_rng(1)
    true = suggested(20)
    views = seen(true, BASE_T_COLOR, TOOL_T_BOARD, draw, pixels=0.15)
    views = Views(wobbled(true, draw, 0.3, 0.03), views.color_T_board, views.detections, INTRINSICS, views.board)
    scores = compare(views, 5, NOISE)
    assert best(scores) in ("joint", "bundle")
    assert scores["bundle"].pixels < min(scores[name].pixels for name in ("tsai", "park", "horaud", "andreff"))
    found = fit(views, NOISE)["bundle"]
    off = 1e3 * np.linalg.norm((found.base_T_color - BASE_T_COLOR)[:3, 3])
    expected, _ = expected_deviation(found, views, NOISE)
    assert off < 3 * expected and 0.3 < expected < 2


def test_an_arm_that_errs_more_is_told_from_the_views():
    draw, true = np.random.default_rng(2), suggested(20)
    exact = seen(true, BASE_T_COLOR, TOOL_T_BOARD, draw, pixels=0.1)
    deviations = []
    for millimetres, degrees in ((0.1, 0.01), (2.0, 0.2)):
        told = wobbled(true, draw, millimetres, degrees)
        views = Views(told, exact.color_T_board, exact.detections, INTRINSICS, exact.board)
        deviations.append(expected_deviation(fit(views, NOISE)["bundle"], views, NOISE)[0])
    assert deviations[1] > 3 * deviations[0]


def test_views_about_one_axis_are_warned_of_and_leave_the_place_open():
    first = tool_facing(BASE_T_COLOR, 0.75)
    turns = turned(np.linspace(-0.4, 0.4, 12)[:, None] * first[:3, 0])
    tools = pose(turns @ first[:3, :3], np.repeat(first[None, :3, 3], 12, axis=0))
    assert "one axis only" in too_alike(tools, PARAMS.turn)
    assert "hardly turns" in too_alike(np.repeat(first[None], 12, axis=0), PARAMS.turn)
    views = seen(tools, BASE_T_COLOR, TOOL_T_BOARD, np.random.default_rng(0), 0.1)
    for found in fit(views, NOISE).values():
        assert expected_deviation(found, views, NOISE)[0] > 5


def test_equal_views_give_no_answer_or_none_to_rely_on():
    tools = np.repeat(tool_facing(BASE_T_COLOR, 0.75)[None], 10, axis=0)
    views = seen(tools, BASE_T_COLOR, TOOL_T_BOARD)
    for found in fit(views, NOISE).values():
        assert expected_deviation(found, views, NOISE)[0] > 5


def test_suggestions_differ_from_one_another_and_suffice():
    plan = suggestions(40, 25.0, 0.1)
    assert len({(tuple(each.turn), tuple(each.shift)) for each in plan}) == 40
    assert len({each.words for each in plan}) == 40 and "square to the camera" in plan[0].words
    assert max(np.linalg.norm(each.turn) for each in plan) == pytest.approx(np.deg2rad(25))
    for count in (12, 20, 40):
        assert too_alike(suggested(count), PARAMS.turn) == ""


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_diversity_does_not_depend_on_order_or_frame(seed):
    draw, tools = np.random.default_rng(seed), suggested(12)
    found = diversity(tools)
    for other in (tools[draw.permutation(12)], random_pose(draw) @ tools):
        again = diversity(other)
        assert np.allclose(again.turns, found.turns) and again.travel == pytest.approx(found.travel)


def test_words_say_which_way_the_board_leans():
    """In the view of the camera (x right, y down, z away) what is named goes away from it, or nearer."""
    places = {"top edge": (0, -1), "right edge": (1, 0), "left edge": (-1, 0), "top right": (1, -1)}
    places["top left"] = (-1, -1)
    told = 0
    for each in suggestions(11, 25.0, 0.1):
        words = each.words.split(" by ")[0]
        for place, (x, y) in places.items():
            if words.startswith(place):
                assert ((turned(each.turn) @ [x, y, 0])[2] > 0) == words.endswith("away"), words
                told += 1
    assert told == 8
