"""What a release remembers of an episode's images, so that they can be known again without their source.

An image is reduced to the means of cells, fine enough to tell two starts of a task apart and coarse enough that
compression hardly changes them. Of 40 starts of Lift Banana, drawn at four times by two cameras in 192 x 108 px, no
decoded image differed from its source by more than 8.2 levels of 255 in any cell and colour; from the same image of
the next episode it differed by at least 18.1 in some, and of any other by 14.3. (The mean absolute difference of all
pixels cannot tell them apart: up to 2.0 by compression, and as little as 0.4 between two starts.)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from expertgen.data.lerobot.layout import PIXELS
from expertgen.data.lerobot.statistics import histogram_of, sampled_frames

CELLS = (18, 32)  # rows and columns, at most
_CELL_SIZE = 6  # px, at least: what was measured; colours are stored at half the resolution
SOURCE_TOLERANCE = 12.0  # levels of 255, between a decoded image and its source
# Between a decoded image and its thumbnail: decoding is exact by the H.264 standard, a thumbnail is rounded. Any two
# of those starts differed by at least 7.
THUMBNAIL_TOLERANCE = 2.0


def cell_means(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(H, W) or (H, W, 3) → the mean of each cell, (18, 32) or (18, 32, 3), or fewer where the image is small."""
    sums, counts = image.astype(np.float64), np.ones(1)
    for axis, cells in enumerate(CELLS):
        size = image.shape[axis]
        fitting = min(cells, max(size // _CELL_SIZE, 1))
        starts = np.arange(fitting) * size // fitting
        sums = np.add.reduceat(sums, starts, axis)
        counts = np.multiply.outer(counts, np.diff(starts, append=size))
    counts = counts[0]
    return np.asarray(sums / (counts if image.ndim == 2 else counts[..., None]))


def difference(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The largest difference of two `cell_means`, in levels of 255."""
    return float(np.abs(first - second).max())


def rgb(frame: av.VideoFrame, reformatter: VideoReformatter | None = None) -> NDArray[np.uint8]:
    """A decoded frame as (H, W, 3). A `reformatter` that is kept for many frames makes it several times faster."""
    return np.asarray((reformatter or VideoReformatter()).reformat(frame, format="rgb24").to_ndarray())


@dataclass(frozen=True)
class Pictures:
    """An episode's decoded frames on one camera: the SHA-256 of all their pixels in hex; thumbnails of the first and
    the last, the rounded `cell_means` of its brightness as bytes; `histogram` (3, 256) of the `sampled` frames."""

    sha256: str
    first: bytes
    last: bytes
    histogram: NDArray[np.int64]
    sampled: int


class PicturesOf:
    """Reduces the decoded frames of one episode, `length` of them, to `Pictures`."""

    def __init__(self, length: int) -> None:
        self.length, self.added = length, 0
        self._samples, self._reformatter = frozenset(sampled_frames(length)), VideoReformatter()
        self._sha256, self._first, self._last = hashlib.sha256(), b"", b""
        self._histogram: NDArray[Any] = np.zeros((3, 256), dtype=np.int64)

    def add(self, frame: av.VideoFrame) -> None:
        """The next frame. Raises ValueError when it is not in yuv420p."""
        if frame.format.name != PIXELS:
            raise ValueError(f"its pixels are {frame.format.name}, expected {PIXELS}")
        planes: NDArray[np.uint8] = frame.to_ndarray().astype(np.uint8, copy=False)
        self._sha256.update(planes.tobytes())
        if self.added == 0:
            self._first = _thumbnail(planes[: frame.height])
        if self.added == self.length - 1:
            self._last = _thumbnail(planes[: frame.height])
        if self.added in self._samples:
            self._histogram += histogram_of(rgb(frame, self._reformatter))
        self.added += 1

    def result(self) -> Pictures:
        """Once all frames have been added."""
        return Pictures(self._sha256.hexdigest(), self._first, self._last, self._histogram, len(self._samples))


def thumbnail_difference(first: bytes, second: bytes) -> float:
    """The largest difference of two thumbnails, in levels of 255; 255 when they are not of one size."""
    if len(first) != len(second):
        return 255.0
    pair = [np.frombuffer(thumbnail, np.uint8).astype(np.float64) for thumbnail in (first, second)]
    return difference(*pair) if first else 0.0


def _thumbnail(brightness: NDArray[np.uint8]) -> bytes:
    return np.rint(cell_means(brightness)).astype(np.uint8).tobytes()
