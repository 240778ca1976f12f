"""How the robot's cameras are calibrated, and how long that holds: the `calibration` section of params.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from expertgen.params.checks import Problems, Range
from expertgen.params.kinds import Count, Fraction, NonNegative, Positive

Squares = Annotated[int, Range(minimum=3, maximum=40)]
Dictionary = Literal[
    "DICT_4X4_50", "DICT_4X4_100", "DICT_4X4_250", "DICT_5X5_50", "DICT_5X5_100", "DICT_5X5_250",
    "DICT_6X6_50", "DICT_6X6_100", "DICT_6X6_250",
]  # fmt: skip


@dataclass(frozen=True)
class BoardParams:
    """A ChArUco board: `columns` x `rows` squares of side `square` m, in every other one a marker of side `marker`."""

    columns: Squares
    rows: Squares
    square: Annotated[float, Range(above=0, maximum=0.5)]
    marker: Annotated[float, Range(above=0, maximum=0.5)]
    dictionary: Dictionary


@dataclass(frozen=True)
class ViewLimits:
    """What a view must be like to count."""

    corners: Fraction
    square: Positive
    tilt: Annotated[float, Range(above=0, below=90)]
    blur: Positive
    reprojection: Positive
    speed: Positive


@dataclass(frozen=True)
class NoiseOfCalibration:
    """Standard deviations: px of a corner; mm and deg of the poses that the arm reports."""

    pixels: Positive
    position: Positive
    rotation: Positive


@dataclass(frozen=True)
class CalibrationParams:
    max_age: Positive
    board: BoardParams
    view: ViewLimits
    views: Annotated[int, Range(minimum=6)]
    folds: Annotated[int, Range(minimum=2)]
    turn: Positive
    held_out: Positive
    noise: NoiseOfCalibration
    deviation: Positive
    suggested: Count
    tilt: Annotated[float, Range(above=0, maximum=45)]
    travel: NonNegative
    speed: Annotated[float, Range(above=0, maximum=1)]
    settle: NonNegative
    timeout: Positive


def check_calibration(params: CalibrationParams, problems: Problems) -> None:
    """Add to `problems` what of the board or of the number of views contradicts itself."""
    board = params.board
    if not board.marker < board.square:
        expected = f"less than calibration.board.square ({board.square})"
        problems.add("calibration.board.marker", f"{board.marker}", expected)
    markers, known = board.columns * board.rows // 2, int(re.sub(r".*_", "", board.dictionary))
    if markers > known:
        expected = f"a dictionary of at least the board's {markers} markers"
        problems.add("calibration.board.dictionary", board.dictionary, expected)
    if params.folds > params.views:
        problems.add("calibration.folds", f"{params.folds}", f"at most calibration.views ({params.views})")
