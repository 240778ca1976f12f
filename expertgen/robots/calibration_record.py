"""Views taken one by one, with a person who moves the hand, or along poses that were given."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.params import CalibrationParams
from expertgen.robots.calibration_poses import suggestions, too_alike
from expertgen.robots.calibration_recording import RecordedCamera, Recording
from expertgen.robots.calibration_transforms import angle, pose
from expertgen.robots.calibration_views import look
from expertgen.robots.charuco import Board
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import Arm, ArmState, Camera, Frame

Array = NDArray[np.float64]
_LOOK = 0.02  # s between looks at what is waited for
_MOVED = (2e-4, 0.05)  # m and deg, by which the arm may differ after the pictures


@dataclass(frozen=True)
class Operator:
    """The person at the robot: `ask` shows a line and returns the answer, `tell` shows a line."""

    ask: Callable[[str], str]
    tell: Callable[[str], None]


def recorded_camera(camera: Camera) -> RecordedCamera:
    """What a recording says of `camera`. Its depth is registered to its colour unless it has a `depth_T_color`."""
    height, width = camera.observe().colour.shape[:2]
    depth_T_color = np.asarray(getattr(camera, "depth_T_color", np.eye(4)), dtype=np.float64)
    return RecordedCamera(np.asarray(camera.intrinsics, dtype=np.float64), (width, height), depth_T_color)


def record_by_hand(
    arm: Arm, cameras: Sequence[Camera], recording: Recording, params: CalibrationParams, operator: Operator
) -> int:
    """Lead the operator through `params.suggested` poses; how many views were added. Raises RobotFault."""
    board, added = Board(params.board), 0
    operator.tell("Guide the hand so that the board looks at the cameras. Enter takes a view, s passes on, q ends.")
    plan = suggestions(params.suggested, params.tilt, params.travel)
    for number, suggestion in enumerate(plan, start=1):
        while True:
            answer = operator.ask(f"[{number}/{len(plan)}] {suggestion.words}: ").strip().lower()
            if answer in ("", "s", "q"):
                break
            operator.tell(f"found {answer[:40]!r}, expected Enter, s or q")
        if answer == "q":
            break
        if answer == "":
            added += _try_view(arm, cameras, recording, params, board, operator)
    _sum_up(recording, params, operator)
    return added


def record_along(
    arm: Arm, cameras: Sequence[Camera], recording: Recording, params: CalibrationParams, operator: Operator,
    joints: Array,
) -> int:
    """Move to each of `joints` (N, 7) rad and take a view there; how many views were added. Raises RobotFault.

    The arm moves only after the operator's yes.
    """
    question = f"The arm will move by itself through {len(joints)} poses, at {params.speed:g} of its speed. Type yes: "
    if operator.ask(question).strip().lower() != "yes":
        operator.tell("nothing was moved")
        return 0
    board, added = Board(params.board), 0
    for number, target in enumerate(joints, start=1):
        arm.move_to_joints(target, params.speed)
        operator.tell(f"[{number}/{len(joints)}]")
        added += _try_view(arm, cameras, recording, params, board, operator)
    _sum_up(recording, params, operator)
    return added


def _try_view(
    arm: Arm, cameras: Sequence[Camera], recording: Recording, params: CalibrationParams, board: Board,
    operator: Operator,
) -> int:
    """Take a view, and keep it if any camera saw the board well; 1 if it was kept."""
    taken = take_view(arm, cameras, params)
    if taken is None:
        operator.tell("  the arm moved while the pictures were taken; not kept")
        return 0
    state, frames = taken
    good = 0
    for camera, frame in zip(cameras, frames, strict=True):
        sight = look(board, frame.colour, camera.intrinsics, params.view)
        found = f"{len(sight.detection.ids)} corners, {sight.error:.2f} px"
        operator.tell(f"  {frame.serial}: {sight.refusal or found}")
        good += not sight.refusal
    if not good:
        operator.tell("  no camera saw the board well; not kept")
        return 0
    recording.add(state, frames)
    return 1


def take_view(
    arm: Arm, cameras: Sequence[Camera], params: CalibrationParams
) -> tuple[ArmState, list[Frame]] | None:
    """Wait for the arm to rest, then for a picture of each camera that was taken since; None where the arm moved
    meanwhile. Raises RobotFault where it does not come to rest, is stopped, or a camera shows nothing new."""
    state = _at_rest(arm, params)
    seen = [camera.observe().number for camera in cameras]
    frames = [_fresh(camera, number, params.timeout) for camera, number in zip(cameras, seen, strict=True)]
    after = arm.observe()
    turned = angle(pose(state.rotation, state.position), pose(after.rotation, after.position))
    if np.linalg.norm(after.position - state.position) > _MOVED[0] or turned > _MOVED[1]:
        return None
    return state, frames


def _at_rest(arm: Arm, params: CalibrationParams) -> ArmState:
    """The arm's state once it has been at rest for `params.settle` s."""
    begin = rest = time.monotonic()
    while True:
        state, now = arm.observe(), time.monotonic()
        if state.mode in ("reflex", "stopped"):
            raise RobotFault(
                f"the arm is in mode {state.mode} ({', '.join(state.errors) or 'no error told'}): look at it, recover "
                "it, and record into the same folder, which keeps the views it has."
            )
        speed = float(np.abs(state.joint_velocities).max())
        if not speed <= params.view.speed:
            rest = now
        elif now - rest >= params.settle:
            return state
        if now - begin > params.timeout + params.settle:
            raise RobotFault(
                f"the arm moves at {speed:.3f} rad/s, expected {params.view.speed:g} or less within "
                f"{params.timeout:g} s: let go of it, or record without vibration."
            )
        time.sleep(_LOOK)


def _fresh(camera: Camera, seen: int, timeout: float) -> Frame:
    begin = time.monotonic()
    while (frame := camera.observe()).number == seen:
        if time.monotonic() - begin > timeout:
            raise RobotFault(
                f"camera {camera.serial} still shows frame {seen} after {timeout:g} s: it is frozen. Plug it in anew, "
                "and record into the same folder, which keeps the views it has."
            )
        time.sleep(_LOOK)
    return frame


def _sum_up(recording: Recording, params: CalibrationParams, operator: Operator) -> None:
    views = recording.views()
    operator.tell(f"{len(views)} views in {recording.folder}")
    if len(views) >= 2 and (warning := too_alike(np.stack([v.base_T_tool for v in views]), params.turn)):
        operator.tell(f"warning: {warning}")
