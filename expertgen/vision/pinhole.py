"""Pinhole cameras: depth images to points."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pinhole:
    """A camera without distortion, of square pixels: fovy in deg, vertical; width and height in px.

    Its frame has x to the right, y down, z along the optical axis, as OpenCV's and RealSense's.
    """

    fovy: float
    width: int
    height: int

    @property
    def focal(self) -> float:
        """Focal length in px."""
        return self.height / 2 / float(np.tan(np.deg2rad(self.fovy) / 2))

    @property
    def matrix(self) -> Array:
        """(3, 3) intrinsics: pixel (0, 0) has its centre at (0.5, 0.5)."""
        return np.array([[self.focal, 0, self.width / 2], [0, self.focal, self.height / 2], [0, 0, 1]])

    @cached_property
    def rays(self) -> Array:
        """(height, width, 3) directions with z = 1 through the pixels' centres."""
        return np.stack([*np.meshgrid(*self.steps), np.ones((self.height, self.width))], axis=-1)

    @cached_property
    def steps(self) -> tuple[Array, Array]:
        """x (width,) and y (height,) of `rays`."""
        x = (np.arange(self.width) + 0.5 - self.width / 2) / self.focal
        y = (np.arange(self.height) + 0.5 - self.height / 2) / self.focal
        return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)

    def points(self, depth: Array) -> Array:
        """Depth (H, W) m along the optical axis → (H, W, 3) m in the camera's frame."""
        return self.rays * depth[..., None]
