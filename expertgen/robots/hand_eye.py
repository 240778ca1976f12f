"""Where a camera stands, from pictures of a board on the hand: five closed forms, and two fits of all corners at once.

Frames: base, tool (as the arm reports it), board, and color, the camera's (x right, y down, z along the optical axis).
What is sought is base_T_color; where the board sits in the hand, tool_T_board, comes with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import least_squares

from expertgen.params import NoiseOfCalibration
from expertgen.robots.calibration_transforms import inverse, is_pose, mean_pose, moved, pose, turned
from expertgen.robots.charuco import Board, Detection, opencv

Array = NDArray[np.float64]
CLOSED_FORMS = {
    "tsai": "CALIB_HAND_EYE_TSAI",
    "park": "CALIB_HAND_EYE_PARK",
    "horaud": "CALIB_HAND_EYE_HORAUD",
    "andreff": "CALIB_HAND_EYE_ANDREFF",
    "daniilidis": "CALIB_HAND_EYE_DANIILIDIS",
}
METHODS = (*CLOSED_FORMS, "joint", "bundle")
_OUTLIER = 3.0  # standard deviations, above which a distance counts by itself and no longer by its square
_STEP = 1e-5  # rad and m, of numeric derivatives


@dataclass(frozen=True)
class Views:
    """N good views of one camera: base_T_tool (N, 4, 4), the board's pose in each picture color_T_board (N, 4, 4),
    the corners found, the camera's intrinsics (3, 3), and the board."""

    base_T_tool: Array
    color_T_board: Array
    detections: tuple[Detection, ...]
    intrinsics: Array
    board: Board

    def __len__(self) -> int:
        return len(self.detections)

    def part(self, chosen: list[int]) -> Views:
        """The views numbered `chosen`."""
        detections = tuple(self.detections[i] for i in chosen)
        return Views(self.base_T_tool[chosen], self.color_T_board[chosen], detections, self.intrinsics, self.board)

    @cached_property
    def view(self) -> NDArray[np.int64]:
        """(M,) which view each of all M corners is of."""
        return np.repeat(np.arange(len(self)), [len(found.ids) for found in self.detections])

    @cached_property
    def points(self) -> Array:
        """(M, 3) m, board's frame."""
        return np.concatenate([self.board.corners[found.ids] for found in self.detections])

    @cached_property
    def pixels(self) -> Array:
        """(M, 2) where they were found."""
        return np.concatenate([found.pixels for found in self.detections])


@dataclass(frozen=True)
class Fit:
    """base_T_color and tool_T_board, each (4, 4)."""

    base_T_color: Array
    tool_T_board: Array

    def errors(self, views: Views, base_T_tool: Array | None = None) -> Array:
        """(M, 2) px: each corner as this fit expects it, less the corner found; with other poses of the hand than
        the views' own, if given."""
        tools = views.base_T_tool if base_T_tool is None else base_T_tool
        seen = (inverse(self.base_T_color) @ tools @ self.tool_T_board)[views.view]
        flat = ((seen[:, :3, :3] @ views.points[:, :, None])[..., 0] + seen[:, :3, 3]) @ views.intrinsics.T
        # A corner behind the camera is far off, and not at infinity, for the sake of a fit that may pass there.
        return np.asarray(flat[:, :2] / np.maximum(flat[:, 2:], 1e-3) - views.pixels)

    def stepped(self, step: Array) -> Fit:
        """Turned and moved by `step` (12,): rad and m of the camera, about its own place, then of the board."""
        return Fit(moved(self.base_T_color, step[:6]), moved(self.tool_T_board, step[6:]))


def fit(views: Views, noise: NoiseOfCalibration) -> dict[str, Fit]:
    """`views` fitted by each of METHODS; those are missing that find nothing, as on views too much alike.

    `joint` makes the reprojection error least, as if the arm reported its poses without error. `bundle` knows that the
    arm errs too, by `noise`: it weighs the corners as if each pose of the hand were a further unknown.
    """
    found = {name: each for name in CLOSED_FORMS if (each := _closed(name, views)) is not None}
    if found:
        start = min(found.values(), key=lambda each: float(np.median(np.abs(each.errors(views)))))
        joint = _least(start, views, lambda errors: errors.ravel() / noise.pixels)
        found |= {"joint": joint, "bundle": _least(joint, views, _whitening(joint, views, noise))}
    return found


def _closed(method: str, views: Views) -> Fit | None:
    cv2 = opencv()
    tool_T_base = inverse(views.base_T_tool)
    try:
        # OpenCV's words are those of a camera on the hand; with the hand's poses inverted it is the board that is.
        rotation, position = cv2.calibrateHandEye(
            list(tool_T_base[:, :3, :3]), list(tool_T_base[:, :3, 3]),
            list(views.color_T_board[:, :3, :3]), list(views.color_T_board[:, :3, 3]),
            method=getattr(cv2, CLOSED_FORMS[method]),
        )  # fmt: skip
    except cv2.error:
        return None
    base_T_color = pose(rotation, np.ravel(position))
    if not is_pose(base_T_color, tolerance=1e-3):
        return None
    base_T_color = mean_pose(base_T_color[None])  # its rotation without the rounding
    return Fit(base_T_color, mean_pose(tool_T_base @ base_T_color @ views.color_T_board))


def _least(start: Fit, views: Views, weigh: Callable[[Array], Array]) -> Fit:
    """The fit near `start` with the least weighed errors, in which outliers count less."""
    found = least_squares(
        lambda step: weigh(start.stepped(step).errors(views)), np.zeros(12), loss="soft_l1", f_scale=_OUTLIER,
        x_scale=np.tile([0.01] * 3 + [0.005] * 3, 2), max_nfev=50,
    )  # fmt: skip
    return start.stepped(found.x)


def _whitening(found: Fit, views: Views, noise: NoiseOfCalibration) -> Callable[[Array], Array]:
    """What makes independent numbers of unit variance of errors (M, 2): an arm's error moves all corners of a view
    together, so that what they say against its pose in common counts little."""
    turns, steps = turned(_STEP * np.eye(3)), _STEP * np.eye(3)
    tools, columns = views.base_T_tool, []
    at = found.errors(views)
    for axis in range(3):
        columns.append(found.errors(views, pose(turns[axis] @ tools[:, :3, :3], tools[:, :3, 3])) - at)
    for axis in range(3):
        columns.append(found.errors(views, pose(tools[:, :3, :3], tools[:, :3, 3] + steps[axis])) - at)
    deviations = np.r_[[np.deg2rad(noise.rotation)] * 3, [1e-3 * noise.position] * 3]
    effect = np.stack(columns, axis=-1) / _STEP * deviations  # (M, 2, 6) px
    weights = []
    for i in range(len(views)):
        rows = effect[views.view == i].reshape(-1, 6)
        lower = np.linalg.cholesky(rows @ rows.T + noise.pixels**2 * np.eye(len(rows)))
        weights.append(solve_triangular(lower, np.eye(len(rows)), lower=True))
    ends = np.cumsum([len(weight) for weight in weights])[:-1]

    def weigh(errors: Array) -> Array:
        parts = zip(weights, np.split(errors.ravel(), ends), strict=True)
        return np.concatenate([weight @ part for weight, part in parts])

    return weigh


def expected_deviation(found: Fit, views: Views, noise: NoiseOfCalibration) -> tuple[float, float]:
    """Standard deviation of the camera's place in mm (of its distance from the truth) and of its turn in deg: what
    `noise` lets one expect, or how far the views themselves disagree, whichever is more. Infinite where they leave
    something open."""
    weigh = _whitening(found, views, noise)
    jacobian = np.stack(
        [weigh(found.stepped(step).errors(views) - found.stepped(-step).errors(views)) for step in _STEP * np.eye(12)],
        axis=-1,
    ) / (2 * _STEP)
    scale = np.linalg.norm(jacobian, axis=0)
    if not np.isfinite(scale).all() or scale.min() <= 0:
        return np.inf, np.inf
    information = (jacobian / scale).T @ (jacobian / scale)
    if np.linalg.cond(information) > 1e12:
        return np.inf, np.inf
    told = np.linalg.inv(information) / scale[:, None] / scale
    # Each view pulls with all its corners at once; how unevenly they pull tells what they are worth.
    pulls = np.zeros((len(views), 12))
    np.add.at(pulls, np.repeat(views.view, 2), jacobian * weigh(found.errors(views))[:, None])
    seen = told @ (pulls.T @ pulls) @ told * len(views) / max(len(views) - 2, 1)  # two poses are worth two views
    variance = np.maximum(np.diag(told), np.diag(seen))
    return 1e3 * float(np.sqrt(variance[3:6].sum())), float(np.rad2deg(np.sqrt(variance[:3].sum())))
