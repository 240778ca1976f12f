"""From a recording to each camera's calibration, or to the words why there is none; and whether one still holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.params import CalibrationParams
from expertgen.robots.calibration_file import Calibration, Residuals
from expertgen.robots.calibration_poses import too_alike
from expertgen.robots.calibration_recording import Recording
from expertgen.robots.calibration_transforms import inverse, mean_pose
from expertgen.robots.calibration_views import look, rms
from expertgen.robots.charuco import Board
from expertgen.robots.hand_eye import Fit, Views, expected_deviation, fit
from expertgen.robots.hand_eye_scores import Score, best, compare, per_view

Array = NDArray[np.float64]
_SCALE = 0.015  # by which depth and the board's own size may disagree
_SUSPECT = 3.0  # times the median error of views, and more than a pixel
_FEWEST = 3  # views of a check


@dataclass(frozen=True)
class Seen:
    """What one camera saw of a recording: its good `views`, their `numbers` in the recording, why others were left out
    (number → reason), and depth over the board's own distance, the median (nan without depth)."""

    views: Views | None
    numbers: list[int]
    left_out: dict[int, str]
    depth_ratio: float


@dataclass(frozen=True)
class Solved:
    """One camera's calibration with each method's score, the error of each view in px (number → px), and warnings."""

    calibration: Calibration
    scores: dict[str, Score]
    view_errors: dict[int, float]
    warnings: list[str]


def see(recording: Recording, serial: str, params: CalibrationParams, without: frozenset[int] = frozenset()) -> Seen:
    """Find the board in the pictures of camera `serial`, but for the views numbered in `without`.

    The board is measured as `params` have it, which may have been measured since. Raises IncompatibleArtifact for
    another pattern, MissingInput and CorruptArtifact for pictures.
    """
    had, now = recording.board, params.board
    if (had.columns, had.rows, had.dictionary) != (now.columns, now.rows, now.dictionary):
        raise IncompatibleArtifact(
            f"{recording.folder} shows the board {had}, but calibration.board is {now}: set the one "
            "that was recorded."
        )
    board, intrinsics = Board(now), recording.cameras[serial].intrinsics
    good, left_out, ratios = [], {}, []
    for view in recording.views():
        if view.number in without or serial not in view.serials:
            left_out[view.number] = "asked to be left out" if view.number in without else "no picture of this camera"
            continue
        sight = look(board, recording.picture(view, serial), intrinsics, params.view)
        if sight.refusal or sight.color_T_board is None:
            left_out[view.number] = sight.refusal
            continue
        good.append((view, sight))
        distance = board.corners[sight.detection.ids] @ sight.color_T_board[2, :3] + sight.color_T_board[2, 3]
        spots = np.rint(sight.detection.pixels).astype(int)
        depth = recording.depth(view, serial)[spots[:, 1], spots[:, 0]]
        ratios += list((depth / distance)[depth > 0])
    if not good:
        return Seen(None, [], left_out, np.nan)
    views = Views(
        np.stack([view.base_T_tool for view, _ in good]),
        np.stack([sight.color_T_board for _, sight in good if sight.color_T_board is not None]),
        tuple(sight.detection for _, sight in good), intrinsics, board,
    )  # fmt: skip
    return Seen(views, [view.number for view, _ in good], left_out, float(np.median(ratios)) if ratios else np.nan)


def solve(
    recording: Recording, serial: str, params: CalibrationParams, time: datetime, without: frozenset[int] = frozenset()
) -> Solved:
    """The calibration of camera `serial`, made at `time` by the method that does best on views held out.

    Raises MissingInput for too few good views and IncompatibleArtifact for a result not good enough, saying why.
    """
    seen = see(recording, serial, params, without)
    views = seen.views
    if views is None or len(views) < params.views:
        raise MissingInput(
            f"camera {serial}: {len(seen.numbers)} good views, expected {params.views} or more (calibration.views)"
            f"{_reasons(seen.left_out)}\nrecord more into the same folder: expertgen robot calibrate record "
            f"{recording.folder}"
        )
    scores = compare(views, params.folds, params.noise)
    method = best(scores)
    found = fit(views, params.noise).get(method)
    if found is None or not np.isfinite(scores[method].pixels):
        raise IncompatibleArtifact(f"camera {serial}: no method found an answer; {_advice(views, params)}.")
    size = _wrong_size(seen, params)
    millimetres, degrees = expected_deviation(found, views, params.noise)
    score, errors = scores[method], dict(zip(seen.numbers, per_view(found, views).tolist(), strict=True))
    try:
        _refuse_poor(serial, score, millimetres, errors, views, params)
    except IncompatibleArtifact as error:
        raise IncompatibleArtifact("\n".join([str(error), *size])) from None
    camera = recording.cameras[serial]
    calibration = Calibration(
        serial=serial, time=time, base_T_color=found.base_T_color, intrinsics=camera.intrinsics, width=camera.size[0],
        height=camera.size[1], depth_T_color=camera.depth_T_color, tool_T_board=found.tool_T_board, method=method,
        views=len(views), board=params.board, recording=recording.folder.name,
        residuals=Residuals(score.pixels, score.worst, score.millimetres, score.degrees, millimetres, degrees),
    )  # fmt: skip
    return Solved(calibration, scores, errors, _warnings(views, errors, params) + size)


def verify(calibration: Calibration, recording: Recording, params: CalibrationParams) -> float:
    """Root mean square error in px of a calibration on views taken since, wherever the board now sits in the hand.

    Raises MissingInput for fewer than three good views, IncompatibleArtifact where the camera is no longer there.
    """
    seen = see(recording, calibration.serial, replace(params, board=calibration.board))
    if seen.views is None or len(seen.views) < _FEWEST:
        raise MissingInput(
            f"camera {calibration.serial}: {len(seen.numbers)} good views, expected {_FEWEST} or more to check it"
            f"{_reasons(seen.left_out)}"
        )
    views = seen.views
    in_hand = mean_pose(inverse(views.base_T_tool) @ calibration.base_T_color @ views.color_T_board)
    error = rms(Fit(calibration.base_T_color, in_hand).errors(views))
    if error > params.held_out:
        raise IncompatibleArtifact(
            f"camera {calibration.serial}: its calibration of {calibration.time:%Y-%m-%d} is {error:.1f} px off in "
            f"these views, expected {params.held_out:g} or less: camera, arm or board have moved since. Solve anew."
        )
    return error


def _refuse_poor(
    serial: str, score: Score, millimetres: float, errors: dict[int, float], views: Views, params: CalibrationParams
) -> None:
    if score.pixels > params.held_out:
        worst = sorted(errors, key=lambda number: -errors[number])[:3]
        raise IncompatibleArtifact(
            f"camera {serial}: {score.pixels:.2f} px on views held out, expected {params.held_out:g} or less "
            f"(calibration.held_out). Worst: {', '.join(f'view {n} with {errors[n]:.2f} px' for n in worst)}; look at "
            f"their pictures, and leave them out if the arm or the board moved (--without {worst[0]}). If all are "
            "alike, the board's size, the intrinsics or the arm's tool are wrong."
        )
    if not millimetres <= params.deviation:
        raise IncompatibleArtifact(
            f"camera {serial}: its place is known to {millimetres:.1f} mm only, expected {params.deviation:g} or less "
            f"(calibration.deviation); {_advice(views, params)}."
        )


def _advice(views: Views, params: CalibrationParams) -> str:
    alike = too_alike(views.base_T_tool, params.turn)
    return alike or "record more views, tilted more and farther apart, and nearer to the camera"


def _warnings(views: Views, errors: dict[int, float], params: CalibrationParams) -> list[str]:
    found = [alike] if (alike := too_alike(views.base_T_tool, params.turn)) else []
    limit = max(1.0, _SUSPECT * float(np.median(list(errors.values()))))
    found += [f"view {number} is {error:.2f} px off, others far less: did something move? (--without {number})"
              for number, error in errors.items() if error > limit]  # fmt: skip
    return found


def _wrong_size(seen: Seen, params: CalibrationParams) -> list[str]:
    """What depth says against the size of the squares, if anything."""
    if not abs(seen.depth_ratio - 1) > _SCALE:
        return []
    return [
        f"by its depth the board is {100 * (seen.depth_ratio - 1):+.1f} % farther than by the size of its squares: "
        f"measure them (calibration.board.square is {1e3 * params.board.square:g} mm)"
    ]


def _reasons(left_out: dict[int, str]) -> str:
    shown = [f"\n  view {number}: {why}" for number, why in list(left_out.items())[:8]]
    return "".join(shown) + (f"\n  and {len(left_out) - 8} more" if len(left_out) > 8 else "")
