"""One picture of the board: where the board was, or in which words the view is refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.params import ViewLimits
from expertgen.robots.calibration_transforms import pose
from expertgen.robots.charuco import Board, Detection, opencv

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sight:
    """What one camera saw of the board: the corners found, the board's pose (4, 4) in the camera's frame (x right,
    y down, z along the optical axis; None where it could not be told), the error of that pose in px, the blur of its
    edges in px, its tilt in deg; `refusal`: why it does not count, "" where it does."""

    detection: Detection
    color_T_board: Array | None
    error: float
    blur: float
    tilt: float
    refusal: str


def look(board: Board, image: NDArray[np.uint8], intrinsics: Array, limits: ViewLimits) -> Sight:
    """Find the board in `image` (H, W, 3), taken with `intrinsics` (3, 3), and judge the view by `limits`."""
    found = board.detect(image)
    needed = max(6, int(np.ceil(limits.corners * len(board.corners))))
    if len(found.ids) < needed:
        why = f"{len(found.ids)} of {len(board.corners)} corners found, expected {needed} or more: show more of it"
        return Sight(found, None, np.inf, np.inf, np.inf, why)
    pitch = board.pitch(found.ids, found.pixels)
    if pitch < limits.square:
        why = f"squares of {pitch:.1f} px, expected {limits.square:g} or more: bring the board nearer"
        return Sight(found, None, np.inf, np.inf, np.inf, why)
    corners = board.corners[found.ids]
    transform = board_pose(corners, found.pixels, intrinsics)
    if transform is None:
        return Sight(found, None, np.inf, np.inf, np.inf, "the found corners fit no pose: show more of the board")
    error = rms(project(transform, corners, intrinsics) - found.pixels)
    centre = (transform @ [*board.centre, 1.0])[:3]
    cosine = transform[:3, 2] @ centre / np.linalg.norm(centre)
    tilt = float(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))))
    blur = edge_blur(image, found.pixels, pitch)
    return Sight(found, transform, error, blur, tilt, _refusal(error, blur, tilt, limits))


def _refusal(error: float, blur: float, tilt: float, limits: ViewLimits) -> str:
    if tilt > limits.tilt:
        return f"board tilted by {tilt:.0f} deg, expected {limits.tilt:g} or less: turn it towards the camera"
    if blur > limits.blur:
        return f"edges blurred by {blur:.1f} px, expected {limits.blur:g} or less: hold still, more light, or focus"
    if error > limits.reprojection:
        return (
            f"corners {error:.2f} px from those of a flat board, expected {limits.reprojection:g} or less: "
            "wrong intrinsics, or a bent board"
        )
    return ""


def board_pose(corners: Array, pixels: Array, intrinsics: Array) -> Array | None:
    """The pose (4, 4) under which corners (K, 3) m come nearest to pixels (K, 2), or None where there is none."""
    cv2 = opencv()
    try:
        count, turns, steps, _ = cv2.solvePnPGeneric(corners, pixels, intrinsics, None, flags=cv2.SOLVEPNP_IPPE)
    except cv2.error:  # such as corners in one line
        return None
    best, least = None, np.inf
    for k in range(count):  # a flat board's pose has two likely answers: each is refined, the better one kept
        turn, step = cv2.solvePnPRefineLM(corners, pixels, intrinsics, None, turns[k].copy(), steps[k].copy())
        transform = pose(cv2.Rodrigues(turn)[0], np.ravel(step))
        if not np.isfinite(transform).all() or ((corners @ transform[2, :3] + transform[2, 3]) <= 0).any():
            continue
        error = rms(project(transform, corners, intrinsics) - pixels)
        if error < least:
            best, least = transform, error
    return best


def project(transform: Array, points: Array, intrinsics: Array) -> Array:
    """Points (K, 3) m, taken by `transform` (..., 4, 4) to the camera's frame, → pixels (..., K, 2)."""
    seen = points @ np.swapaxes(transform[..., :3, :3], -1, -2) + transform[..., None, :3, 3]
    flat = seen @ intrinsics.T
    return np.asarray(flat[..., :2] / flat[..., 2:])


def rms(distances: Array) -> float:
    """Root mean square length of (..., 2)."""
    return float(np.sqrt((distances**2).sum(-1).mean()))


def edge_blur(image: NDArray[np.uint8], pixels: Array, pitch: float) -> float:
    """Standard deviation in px of the blur of the edges that meet at `pixels` (K, 2), the median over them.

    A step that was blurred by a Gaussian has a steepest slope of its height over sqrt(2 pi) standard deviations.
    """
    cv2 = opencv()
    grey = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image).astype(np.float64)
    slope = np.hypot(*np.gradient(grey))
    half, found = max(3, int(0.4 * pitch)), []
    for x, y in np.rint(pixels).astype(int):
        window = np.s_[max(0, y - half) : y + half + 1, max(0, x - half) : x + half + 1]
        height = np.ptp(np.percentile(grey[window], [5, 95]))
        found.append(height / max(np.percentile(slope[window], 98), 1e-6) / np.sqrt(2 * np.pi))
    return float(np.median(found))
