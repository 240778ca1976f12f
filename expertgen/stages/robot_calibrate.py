"""`expertgen robot calibrate`: print the board, record views, solve, and check what is there."""

from __future__ import annotations

import argparse
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from expertgen.errors import ExpertGenError, InvalidParameter, MissingInput
from expertgen.params import CalibrationParams, Params
from expertgen.robots.calibration_file import Calibration, read_calibration, write_calibration
from expertgen.robots.calibration_print import write_board
from expertgen.robots.calibration_reach import reachable
from expertgen.robots.calibration_record import Operator, record_along, record_by_hand, recorded_camera
from expertgen.robots.calibration_recording import Recording, start_recording
from expertgen.robots.calibration_solve import Solved, solve, verify
from expertgen.robots.charuco import Board
from expertgen.robots.robot import Arm, Camera
from expertgen.stages.robot_calibrate_devices import open_devices
from expertgen.workspace import Workspace


def calibration_folder(workspace: Workspace) -> Path:
    """Where the calibrations of all cameras lie, for all tasks."""
    return workspace.root / "calibration"


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Carry out the parsed command. Raises ExpertGenError."""
    folder = calibration_folder(workspace)
    if args.step == "board":
        _board(params.calibration, args.path or folder / "board.pdf")
    elif args.step == "check":
        _check(params.calibration, folder, args)
    elif args.path is None:
        raise InvalidParameter(f"expected the folder of a recording: expertgen robot calibrate {args.step} FOLDER.")
    elif args.step == "solve":
        _solve(params.calibration, folder, args)
    else:
        with open_devices(args) as (arm, cameras):
            record(params.calibration, args, arm, cameras)


def record(params: CalibrationParams, args: argparse.Namespace, arm: Arm, cameras: list[Camera]) -> None:
    """Record views into `args.path`, by hand or along `args.poses` (auto, or a file). Raises ExpertGenError."""
    operator = Operator(input, print) if not args.yes else Operator(_without_a_person, print)
    if args.yes and args.poses is None:
        raise InvalidParameter("--yes: found no --poses, expected auto or a file: nobody else moves the hand.")
    joints = None
    if args.poses is not None:
        joints = reachable(arm.observe(), params) if args.poses == "auto" else read_poses(Path(args.poses))
    there = {camera.serial: recorded_camera(camera) for camera in cameras}
    recording = start_recording(args.path, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", params.board, there)
    if joints is None:
        record_by_hand(arm, cameras, recording, params, operator)
    else:
        record_along(arm, cameras, recording, params, operator, joints)
    print(f"Next: expertgen robot calibrate solve {args.path}")


def read_poses(path: Path) -> NDArray[np.float64]:
    """(N, 7) rad from a JSON list of lists. Raises MissingInput and InvalidParameter."""
    try:
        joints = np.array(json.loads(path.read_bytes()), dtype=np.float64)
    except FileNotFoundError:
        raise MissingInput(f"--poses: {path} does not exist; expected auto, or a JSON file.") from None
    except (ValueError, TypeError):
        joints = np.empty(0)
    if joints.ndim != 2 or joints.shape[1:] != (7,) or not np.isfinite(joints).all():
        raise InvalidParameter(f"--poses: {path} holds something else than a JSON list of lists of 7 numbers, rad.")
    return joints


def _without_a_person(question: str) -> str:
    print(f"{question}yes (--yes)")
    return "yes"


def _board(params: CalibrationParams, path: Path) -> None:
    paper = write_board(Board(params.board), path)
    print(f"{path}: print it on {paper} at 100 %, without fitting to the page, and fix it to something flat and stiff.")
    print("Then measure: the line below the board is 100 mm long; set calibration.board.square to what a square is.")


def _solve(params: CalibrationParams, folder: Path, args: argparse.Namespace) -> None:
    recording = Recording(args.path)
    without = _numbers(args.without)
    now, solved, refused = datetime.now(UTC), [], []
    for serial in _chosen(recording, args.camera):
        try:
            found = solve(recording, serial, params, now, without)
        except ExpertGenError as error:
            refused.append(str(error))
            continue
        path = write_calibration(folder, found.calibration)
        solved.append(found)
        print(f"{describe(found)}\n  written to {path}\n", flush=True)
    if len(solved) > 1:
        print(agreement([found.calibration for found in solved]))
    if refused:
        raise MissingInput("\n".join([*refused, "Nothing was written for these; an earlier calibration stands."]))


def describe(found: Solved) -> str:
    """The methods' table, the camera's place, and warnings."""
    calibration, lines = found.calibration, []
    lines.append(f"camera {calibration.serial}: {calibration.views} views; held out, root mean square:")
    lines.append("  method        px   worst view   board mm   board deg")
    for method, score in found.scores.items():
        if np.isfinite(score.pixels):
            numbers = f"{score.pixels:6.2f}{score.worst:13.2f}{score.millimetres:11.2f}{score.degrees:12.3f}"
        else:
            numbers = "found nothing"
        lines.append(f"  {method:10}{numbers}{'   <- chosen' if method == calibration.method else ''}")
    x, y, z = calibration.base_T_color[:3, 3]
    residuals = calibration.residuals
    lines.append(
        f"  at ({x:.4f}, {y:.4f}, {z:.4f}) m from the base; expected to be within {residuals.expected_mm:.2f} mm and "
        f"{residuals.expected_deg:.3f} deg (one standard deviation)"
    )
    return "\n".join(lines + [f"  warning: {warning}" for warning in found.warnings])


def agreement(calibrations: list[Calibration]) -> str:
    """How far cameras of one recording disagree about where the board's centre sat in the hand."""
    centres = [c.tool_T_board @ [*Board(c.board).centre, 1.0] for c in calibrations]
    apart = max(float(np.linalg.norm(a - b)) for a in centres for b in centres)
    return f"The cameras put the board up to {1e3 * apart:.2f} mm apart in the hand: so far their clouds disagree."


def _check(params: CalibrationParams, folder: Path, args: argparse.Namespace) -> None:
    recording = None if args.path is None else Recording(args.path)
    serials = args.camera or sorted(path.stem for path in folder.glob("*.json"))
    if not serials:
        raise MissingInput(f"{folder} holds none: expertgen robot calibrate record FOLDER, then solve FOLDER.")
    now, refused = datetime.now(UTC), []
    for serial in serials:
        try:
            intrinsics = None if recording is None else recording.cameras[_chosen(recording, [serial])[0]].intrinsics
            found = read_calibration(folder, serial, params, intrinsics, now)
            age = (now - found.time).total_seconds() / 86400
            line = f"camera {serial}: {age:.1f} days old, {found.residuals.held_out_px:.2f} px held out, {found.method}"
            print(line + ("" if recording is None else f"; now {verify(found, recording, params):.2f} px"))
        except ExpertGenError as error:
            refused.append(str(error))
    if refused:
        raise MissingInput("\n".join(refused))


def _chosen(recording: Recording, wanted: list[str] | None) -> list[str]:
    missing = [serial for serial in wanted or [] if serial not in recording.cameras]
    if missing:
        raise InvalidParameter(
            f"--camera: found {', '.join(missing)}, expected cameras of {recording.folder}: "
            f"{', '.join(recording.cameras)}."
        )
    return wanted or sorted(recording.cameras)


def _numbers(text: str | None) -> frozenset[int]:
    if text is not None and not re.fullmatch(r"\d{1,3}(,\d{1,3})*", text, re.ASCII):
        raise InvalidParameter(f"--without: found {text[:40]!r}, expected numbers of views, such as 3 or 3,17.")
    return frozenset(int(number) for number in text.split(",")) if text else frozenset()
