"""What a real camera does to an image: a depth camera's noise and holes, blur, jitter of colours."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

EDGE = 0.04  # m between neighbouring pixels: there a stereo camera sees neither surface well
_EDGE_LOSS = 0.5  # chance that such a pixel tells nothing
_COARSE = (9, 16)  # holes are as large as the cells of this grid
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])


def faulty_depth(
    depth: NDArray[np.float32], noise: float, holes: float, limits: tuple[float, ...], draw: np.random.Generator
) -> NDArray[np.float32]:
    """Depth (H, W) m as an active stereo camera such as a D435i tells it; 0 where it tells nothing.

    Its error grows with the square of the depth, as the disparity's is constant: standard deviation `noise` (1/m)
    times depth². Nothing is told outside `limits` (m), in patches that take a share `holes` of the image, and at half
    of the pixels on an edge of more than EDGE.
    """
    seen = depth + noise * np.minimum(depth, limits[1]) ** 2 * draw.standard_normal(depth.shape, dtype=np.float32)
    lost = ~((depth > limits[0]) & (depth < limits[1]))
    if holes > 0:
        down, right = _between(_COARSE[0], depth.shape[0]), _between(_COARSE[1], depth.shape[1])
        patches = down @ draw.random(_COARSE, dtype=np.float32) @ right.T
        lost |= patches < np.quantile(patches[::5, ::5], holes)
    if noise > 0 or holes > 0:
        lost |= _edges(depth) & (draw.random(depth.shape, dtype=np.float32) < _EDGE_LOSS)
    return np.where(lost, 0, seen).astype(np.float32)


@functools.cache
def _between(few: int, many: int) -> NDArray[np.float32]:
    """(many, few) weights that interpolate `few` values, at both ends and evenly between, to `many`."""
    at = np.linspace(0, few - 1, many)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(few))).astype(np.float32)


def _edges(depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    found = np.zeros(depth.shape, dtype=bool)
    with np.errstate(invalid="ignore"):  # nothing lies at infinity
        down, right = np.abs(depth[1:] - depth[:-1]) > EDGE, np.abs(depth[:, 1:] - depth[:, :-1]) > EDGE
    found[1:] |= down
    found[:-1] |= down
    found[:, 1:] |= right
    found[:, :-1] |= right
    return found


def faulty_colour(image: NDArray[np.uint8], hsv: NDArray[np.float64], blur: float) -> NDArray[np.uint8]:
    """Image (H, W, 3) with its hue turned by hsv[0] turns, saturation and value multiplied by 1 + hsv[1], 1 + hsv[2],
    and blurred by a Gaussian of standard deviation `blur` px.

    The hue is turned in the YIQ space, where that is a linear map: one product of matrices in place of a conversion to
    HSV and back, which it equals but for the definition of brightness.
    """
    turn = 2 * np.pi * hsv[0]
    cos, sin, more = np.cos(turn) * (1 + hsv[1]), np.sin(turn) * (1 + hsv[1]), 1 + hsv[2]
    chroma = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    matrix = (more * np.linalg.inv(_TO_YIQ) @ chroma @ _TO_YIQ).astype(np.float32)
    values = image.astype(np.float32) @ matrix.T
    if blur > 0.2:
        values = gaussian_filter1d(gaussian_filter1d(values, blur, 0, truncate=2.5), blur, 1, truncate=2.5)
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)
