"""The ChArUco board: a chessboard whose white squares hold markers, so that each corner has a name.

The board's frame has its origin at the printed pattern's top left corner, x to the right, y down and z into the board.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.errors import MissingInput
from expertgen.params import BoardParams

Array = NDArray[np.float64]


def opencv() -> Any:
    """The module cv2, imported only where it is used. Raises MissingInput where it is not installed."""
    try:
        return importlib.import_module("cv2")
    except ImportError as error:
        raise MissingInput(
            f"calibration needs OpenCV, which could not be imported ({error}): "
            "pip install -c constraints.txt -e '.[robot]'."
        ) from None


@dataclass(frozen=True)
class Detection:
    """Corners found in one image: ids (K,), rising, and pixels (K, 2), x to the right and y down, the centre of the
    first pixel at (0, 0)."""

    ids: NDArray[np.int64]
    pixels: Array


class Board:
    """A board made of `params`, whose inner corners are numbered row by row."""

    def __init__(self, params: BoardParams) -> None:
        cv2 = opencv()
        self.params = params
        self._dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, params.dictionary))
        size = (params.columns, params.rows)
        self._board = cv2.aruco.CharucoBoard(size, params.square, params.marker, self._dictionary)

    @cached_property
    def corners(self) -> Array:
        """(K, 3) inner corners, m, board's frame."""
        across, down = np.arange(1, self.params.columns), np.arange(1, self.params.rows)
        x, y = np.meshgrid(across * self.params.square, down * self.params.square)
        return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=-1)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the pattern, m."""
        return self.params.columns * self.params.square, self.params.rows * self.params.square

    @property
    def centre(self) -> Array:
        """(3,) m, board's frame."""
        width, height = self.size
        return np.array([width / 2, height / 2, 0.0])

    @cached_property
    def black(self) -> Array:
        """(M, 4) x, y, width, height in m of rectangles that are black; the rest of the pattern is white."""
        side, found = self.params.square, []
        markers = np.array([points[0, :2] for points in self._board.getObjPoints()], dtype=np.float64)
        with_marker = {tuple(place) for place in np.floor(markers / side).astype(int)}
        for row in range(self.params.rows):
            for column in range(self.params.columns):
                if (column, row) not in with_marker:
                    found.append((column * side, row * side, side, side))
        for number, corner in zip(self._board.getIds().ravel(), markers, strict=True):
            found += self._marker(int(number), *np.floor(corner / side) * side + (side - self.params.marker) / 2)
        return np.array(found)

    def _marker(self, number: int, left: float, top: float) -> list[tuple[float, float, float, float]]:
        """Black runs of each row of cells of one marker."""
        cells = self._dictionary.markerSize + 2
        dark = opencv().aruco.generateImageMarker(self._dictionary, number, cells) == 0
        cell, runs = self.params.marker / cells, []
        for row in range(cells):
            edges = np.flatnonzero(np.diff(np.r_[0, dark[row].astype(np.int8), 0]))
            for start, end in zip(edges[::2], edges[1::2], strict=True):
                runs.append((left + start * cell, top + row * cell, (end - start) * cell, cell))
        return runs

    def detect(self, image: NDArray[np.uint8]) -> Detection:
        """The corners found in a colour (H, W, 3) or grey (H, W) image; none is no error.

        OpenCV seeks each to a fraction of a pixel, in a window that ends before the nearest marker: a wider one, which
        markers' edges reach into, doubles the error.
        """
        cv2 = opencv()
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
        detector = cv2.aruco.CharucoDetector(self._board)
        pixels, ids, _, _ = detector.detectBoard(np.ascontiguousarray(grey))
        if ids is None or len(ids) == 0:
            return Detection(np.empty(0, np.int64), np.empty((0, 2)))
        ids = np.asarray(ids).ravel().astype(np.int64)
        order = np.argsort(ids)
        return Detection(ids[order], np.asarray(pixels, np.float64).reshape(-1, 2)[order])

    def pitch(self, ids: NDArray[np.int64], pixels: Array) -> float:
        """Shortest side of a square in the image, px; 0 where no two neighbours were found."""
        columns = self.params.columns - 1
        place = {int(number): pixels[k] for k, number in enumerate(ids)}
        sides = [
            float(np.linalg.norm(place[i + step] - place[i]))
            for i in place
            for step in (1, columns)
            if i + step in place and (step == columns or i % columns < columns - 1)
        ]
        return min(sides, default=0.0)
