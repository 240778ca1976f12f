"""From views taken with an arm and a camera to a calibration within a millimetre of the truth, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest

pytest.importorskip("cv2")

from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.robots.calibration_file import read_calibration, write_calibration
from expertgen.robots.calibration_reach import reachable
from expertgen.robots.calibration_record import Operator, record_along, record_by_hand, recorded_camera, take_view
from expertgen.robots.calibration_recording import Recording, start_recording
from expertgen.robots.calibration_solve import solve, verify
from expertgen.robots.calibration_transforms import angle, moved, pose
from expertgen.robots.charuco import Board
from expertgen.robots.faults import RobotFault
from tests.robots.calibration_devices import NumberArm, NumberCamera, first_joints
from tests.robots.rendered_board import BASE_T_COLOR, BOARD, PARAMS, Painter, wobbled

SERIAL, NOW = "112322071234", datetime(2026, 3, 1, tzinfo=UTC)


def quiet(answers="yes"):
    return Operator(lambda question: answers, lambda line: None)


@pytest.fixture(scope="module")
def painter():
    return Painter(Board(BOARD), samples=3)


def begun(folder, camera):
    return start_recording(folder, "2026-03-01T00:00:00Z", BOARD, {camera.serial: recorded_camera(camera)})


@pytest.fixture(scope="module")
def recording(tmp_path_factory, painter):
    """Views in the poses that are suggested, by an arm without error."""
    arm = NumberArm(first_joints())
    camera = NumberCamera(arm, painter)
    found = begun(tmp_path_factory.mktemp("recordings") / "first", camera)
    targets = reachable(arm.observe(), PARAMS)
    assert record_along(arm, [camera], found, PARAMS, quiet(), targets) >= 18
    assert len(arm.sent) == len(targets)
    return found


@pytest.fixture(scope="module")
def solved(recording):
    return solve(recording, SERIAL, PARAMS, NOW)


def copied(recording, folder):
    shutil.copytree(recording.folder, folder)
    return Recording(folder)


def rewritten(recording, change):
    """Each view's pose of the hand (4, 4) replaced by what `change` makes of all (N, 4, 4)."""
    paths = sorted(recording.folder.glob("view_???.json"))
    values = [json.loads(path.read_text()) for path in paths]
    told = change(np.array([value["base_T_tool"] for value in values]))
    for path, value, tool in zip(paths, values, told, strict=True):
        path.write_text(json.dumps(value | {"base_T_tool": tool.tolist()}))


def off(calibration):
    millimetres = 1e3 * np.linalg.norm((calibration.base_T_color - BASE_T_COLOR)[:3, 3])
    return millimetres, float(angle(calibration.base_T_color, BASE_T_COLOR))


def test_the_camera_is_found_within_a_millimetre(solved):
    millimetres, degrees = off(solved.calibration)
    assert millimetres < 1.0 and degrees < 0.06
    assert solved.calibration.method in ("joint", "bundle") and solved.calibration.views >= 18
    assert solved.calibration.residuals.held_out_px < 0.4
    assert solved.warnings == [] and max(solved.view_errors.values()) < 1


def test_within_a_millimetre_too_with_an_arm_that_errs(recording, tmp_path):
    noisy = copied(recording, tmp_path / "noisy")
    rewritten(noisy, lambda tools: wobbled(tools, np.random.default_rng(5), 0.2, 0.02))
    found = solve(noisy, SERIAL, PARAMS, NOW).calibration
    millimetres, degrees = off(found)
    assert millimetres < 1.0 and degrees < 0.08
    assert millimetres < 3 * found.residuals.expected_mm


def test_it_can_be_written_read_and_checked(solved, recording, tmp_path):
    write_calibration(tmp_path, solved.calibration)
    found = read_calibration(tmp_path, SERIAL, PARAMS, recording.cameras[SERIAL].intrinsics, NOW)
    assert verify(found, recording, PARAMS) < 0.5


def test_a_camera_that_was_moved_is_told_by_a_check(solved, recording):
    shifted = moved(solved.calibration.base_T_color, np.array([0, 0, np.deg2rad(1.0), 0.01, 0, 0]))
    with pytest.raises(IncompatibleArtifact, match="have moved since"):
        verify(dataclasses.replace(solved.calibration, base_T_color=shifted), recording, PARAMS)


def test_too_few_views_are_refused_with_reasons(recording):
    without = frozenset(range(10))
    with pytest.raises(MissingInput, match=r"good views, expected 12 or more(.|\n)*asked to be left out"):
        solve(recording, SERIAL, PARAMS, NOW, without)


def test_a_view_whose_pose_is_wrong_is_named(recording, tmp_path):
    wrong = copied(recording, tmp_path / "wrong")

    def shift(tools):
        tools[4, :3, 3] += [0.0, 0.02, 0.0]
        return tools

    rewritten(wrong, shift)
    with pytest.raises(IncompatibleArtifact, match="Worst: view 4 "):
        solve(wrong, SERIAL, PARAMS, NOW)
    assert off(solve(wrong, SERIAL, PARAMS, NOW, frozenset({4})).calibration)[0] < 1.0


def test_depth_tells_that_the_print_has_another_size(recording):
    larger = dataclasses.replace(PARAMS, board=dataclasses.replace(BOARD, square=0.0371, marker=0.0278))
    with pytest.raises(IncompatibleArtifact, match=r"-3\.0 % farther than by the size of its squares: measure them"):
        solve(recording, SERIAL, larger, NOW)


def test_another_pattern_is_refused(recording):
    other = dataclasses.replace(PARAMS, board=dataclasses.replace(BOARD, columns=8))
    with pytest.raises(IncompatibleArtifact, match=r"calibration\.board"):
        solve(recording, SERIAL, other, NOW)


def test_damage_is_named_with_its_file(recording, tmp_path):
    with pytest.raises(MissingInput, match=r"recording\.json"):
        Recording(tmp_path)
    broken = copied(recording, tmp_path / "broken")
    (broken.folder / f"view_002_{SERIAL}.png").write_bytes(b"no picture")
    with pytest.raises(CorruptArtifact, match="--without 2"):
        solve(broken, SERIAL, PARAMS, NOW)
    (broken.folder / "view_003.json").write_text("{}")
    with pytest.raises(CorruptArtifact, match=r"view_003\.json"):
        broken.views()


def test_by_hand_the_operator_takes_passes_on_and_ends(painter, tmp_path):
    arm = NumberArm(first_joints())
    camera = NumberCamera(arm, painter)
    found, told, answers = begun(tmp_path / "hand", camera), [], iter(["", "s", "what", "", "q"])
    operator = Operator(lambda question: told.append(question) or next(answers), told.append)
    assert record_by_hand(arm, [camera], found, PARAMS, operator) == 2
    assert [view.number for view in found.views()] == [0, 1]
    assert any("square to the camera" in line for line in told)
    assert any("expected Enter, s or q" in line for line in told)
    assert any(line.startswith("warning: the hand hardly turns") for line in told)
    # Views are added to those that are there, and pictures come back as they were.
    again = begun(tmp_path / "hand", camera)
    answers = iter(["", "q"])
    assert record_by_hand(arm, [camera], again, PARAMS, operator) == 1
    frame, view = camera.observe(), again.views()[2]
    assert np.array_equal(again.picture(view, SERIAL), frame.colour)
    assert np.abs(again.depth(view, SERIAL) - frame.depth).max() < 1e-4
    assert np.allclose(view.base_T_tool, arm.base_T_tool)


def test_another_board_or_camera_needs_another_folder(painter, tmp_path):
    camera = NumberCamera(NumberArm(first_joints()), painter)
    begun(tmp_path, camera)
    with pytest.raises(IncompatibleArtifact, match="another folder"):
        begun(tmp_path, NumberCamera(camera.arm, painter, serial="2"))


def test_the_arm_moves_only_after_a_yes(painter, tmp_path):
    arm = NumberArm(first_joints())
    camera = NumberCamera(arm, painter)
    assert record_along(arm, [camera], begun(tmp_path, camera), PARAMS, quiet("no"), np.zeros((3, 7))) == 0
    assert arm.sent == []


def test_a_view_without_the_board_is_not_kept(painter, tmp_path):
    arm = NumberArm(first_joints())
    camera, told = NumberCamera(arm, painter), []
    camera.painter = type("Grey", (), {"draw": lambda self, *_, **__: np.full((480, 640, 3), 90, np.uint8)})()
    found = begun(tmp_path, camera)
    operator = Operator(lambda question: "yes", told.append)
    assert record_along(arm, [camera], found, PARAMS, operator, first_joints()[None]) == 0
    assert found.views() == [] and any("no camera saw" in line for line in told)


@pytest.mark.parametrize(
    ("changes", "frozen", "words"),
    [
        ({"joint_velocities": np.full(7, 0.1)}, False, "moves at 0.100 rad/s"),
        ({"joint_velocities": np.full(7, np.nan)}, False, "moves at"),
        ({"mode": "reflex", "errors": ("cartesian_reflex",)}, False, "cartesian_reflex"),
        ({"mode": "stopped"}, False, "mode stopped"),
        ({}, True, "frozen"),
    ],
)
def test_an_arm_or_camera_that_does_not_serve_ends_in_words(painter, changes, frozen, words):
    arm = NumberArm(first_joints())
    camera = NumberCamera(arm, painter)
    arm.changes, camera.frozen = changes, frozen
    with pytest.raises(RobotFault, match=words):
        take_view(arm, [camera], PARAMS)


def test_a_view_during_which_the_arm_moved_is_dropped(painter):
    arm = NumberArm(first_joints())
    camera = NumberCamera(arm, painter)
    look = camera.observe

    def meanwhile():
        arm.joints = arm.joints + 0.001
        return look()

    camera.observe = meanwhile
    assert take_view(arm, [camera], PARAMS) is None


def test_reachable_poses_are_within_the_joint_limits_and_near_those_suggested():
    arm = NumberArm(first_joints())
    found = reachable(arm.observe(), PARAMS)
    assert 15 <= len(found) <= PARAMS.suggested
    state = arm.observe()
    assert np.allclose(found[0], first_joints(), atol=1e-3)  # the first is where the operator brought it
    for joints in found:
        arm.joints = joints
        assert np.linalg.norm(arm.base_T_tool[:3, 3] - state.position) < 3 * PARAMS.travel
        assert angle(arm.base_T_tool, pose(state.rotation, state.position)) < PARAMS.tilt + 1
