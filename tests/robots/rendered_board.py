"""Pictures of a board by ray casting: a known camera, a known board, as many samples a pixel as asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expertgen.params import BoardParams, CalibrationParams, NoiseOfCalibration, ViewLimits
from expertgen.robots.calibration_transforms import inverse, pose, turned
from expertgen.robots.charuco import Board

BOARD = BoardParams(7, 5, 0.036, 0.027, "DICT_4X4_50")
LIMITS = ViewLimits(corners=0.5, square=12.0, tilt=60.0, blur=2.0, reprojection=1.0, speed=0.01)
PARAMS = CalibrationParams(
    max_age=30.0, board=BOARD, view=LIMITS, views=12, folds=5, turn=8.0, held_out=1.5, deviation=2.0,
    noise=NoiseOfCalibration(0.2, 0.3, 0.03), suggested=20,
    tilt=25.0, travel=0.12, speed=0.1, settle=0.0, timeout=0.2,
)  # fmt: skip
SIZE = (640, 480)
INTRINSICS = np.array([[612.0, 0.0, 322.3], [0.0, 611.0, 238.6], [0.0, 0.0, 1.0]])  # as a D435's colour stream has
_CELL = 0.0005  # m, of the raster that rays are looked up in


def _raster(board: Board) -> np.ndarray:
    """Brightness of the pattern with a white margin of one square, in cells of _CELL; 1 is white."""
    margin, (width, height) = board.params.square, board.size
    raster = np.ones([round((side + 2 * margin) / _CELL) for side in (height, width)], dtype=np.float32)
    for x, y, w, h in board.black:
        left, top, right, bottom = np.rint((np.array([x, y, x + w, y + h]) + margin) / _CELL).astype(int)
        raster[top:bottom, left:right] = 0
    return raster


@dataclass
class Painter:
    """Draws `board` as a camera sees it, with `samples` a side of a pixel."""

    board: Board
    intrinsics: np.ndarray = None  # type: ignore[assignment]
    size: tuple[int, int] = SIZE
    samples: int = 4

    def __post_init__(self) -> None:
        self.intrinsics = INTRINSICS if self.intrinsics is None else self.intrinsics
        self.raster = _raster(self.board)

    def draw(self, color_T_board: np.ndarray, draw: np.random.Generator | None = None, blur=0.0) -> np.ndarray:
        """(H, W, 3) uint8, on grey; with noise of 2 levels if `draw` is given, and blurred by `blur` px."""
        width, height = self.size
        image = np.full((height, width), 0.45)
        margin, (across, down) = self.board.params.square, self.board.size
        rim = np.array([[x, y, 0, 1] for x in (-margin, across + margin) for y in (-margin, down + margin)])
        seen = (rim @ color_T_board.T)[:, :3] @ self.intrinsics.T
        assert (seen[:, 2] > 0).all(), "the board is behind the camera"
        spots = seen[:, :2] / seen[:, 2:]
        left, top = np.clip(np.floor(spots.min(0)).astype(int) - 1, 0, [width, height])
        right, bottom = np.clip(np.ceil(spots.max(0)).astype(int) + 2, 0, [width, height])
        image[top:bottom, left:right] = self._patch(color_T_board, left, top, right, bottom)
        image = 25 + 205 * image * np.linspace(0.85, 1.0, width)  # paper's black and white, and a lamp at the right
        if blur:
            import cv2

            image = cv2.GaussianBlur(image, (0, 0), blur)
        if draw is not None:
            image = image + 2.0 * draw.standard_normal(image.shape)
        return np.repeat(np.clip(np.rint(image), 0, 255).astype(np.uint8)[..., None], 3, axis=-1)

    def _patch(self, color_T_board, left, top, right, bottom):
        fine = (np.arange(self.samples) + 0.5) / self.samples - 0.5
        u = (np.arange(left, right)[:, None] + fine).ravel()
        v = (np.arange(top, bottom)[:, None] + fine).ravel()
        grid = np.stack([*np.meshgrid(u, v), np.ones((len(v), len(u)))], axis=-1)
        # The plane z = 0 of the board is seen through a homography.
        plane = self.intrinsics @ np.stack([color_T_board[:3, 0], color_T_board[:3, 1], color_T_board[:3, 3]], -1)
        hit = grid @ np.linalg.inv(plane).T
        cell = np.floor((hit[..., :2] / hit[..., 2:] + self.board.params.square) / _CELL)
        inside = ((cell >= 0) & (cell < self.raster.shape[::-1])).all(-1)
        x, y = np.where(inside[..., None], cell, 0).astype(int).transpose(2, 0, 1)
        colour = np.where(inside, self.raster[y, x], 0.45)
        return colour.reshape(bottom - top, self.samples, right - left, self.samples).mean((1, 3))


def looking_at(position, target) -> np.ndarray:
    """base_T_color (4, 4) of an upright camera at `position` that looks at `target`, both m."""
    ahead = np.subtract(target, position) / np.linalg.norm(np.subtract(target, position))
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    return pose(np.stack([right, np.cross(ahead, right), ahead], axis=-1), np.array(position, dtype=float))


BASE_T_COLOR = looking_at((1.25, -0.35, 0.55), (0.45, 0.0, 0.35))
# Held by its upper edge between the fingers, the pattern towards the tool's x axis.
TOOL_T_BOARD = pose(np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]]) @ np.diag([-1.0, -1, 1]), np.zeros(3))
TOOL_T_BOARD[:3, 3] = -TOOL_T_BOARD[:3, :3] @ [0.126, -0.02, 0.0]


def tool_facing(base_T_color, distance: float) -> np.ndarray:
    """base_T_tool (4, 4) at which the board's centre stands upright `distance` m before the camera, facing it."""
    color_T_board = pose(np.eye(3), np.array([-0.126, -0.09, distance]))
    return base_T_color @ color_T_board @ inverse(TOOL_T_BOARD)


def wobbled(transforms: np.ndarray, draw: np.random.Generator, millimetres: float, degrees: float) -> np.ndarray:
    """`transforms` (N, 4, 4) as an arm reports them that errs, standard deviation along and about each axis."""
    count = len(transforms)
    rotation = turned(np.deg2rad(degrees) * draw.standard_normal((count, 3))) @ transforms[:, :3, :3]
    return pose(rotation, transforms[:, :3, 3] + 1e-3 * millimetres * draw.standard_normal((count, 3)))
