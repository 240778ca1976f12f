"""Images made such that the video format can hold their colours."""

from __future__ import annotations

import av
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from expertgen.data.lerobot.layout import PIXELS
from expertgen.data.lerobot.pictures import cell_means, difference, rgb

# Video keeps colours at half the resolution of brightness. The borders of small, strongly coloured things then shift,
# in 0.3 % of the images of drawn looks in 192 x 108 px by more than the 12 levels within which a release's images have
# to be their source's. Of 5691 images that the format's colours alone changed by up to KEPT levels, none came out of a
# video by more than 10.3 levels from its source.
KEPT = 8.0
SOFTNESSES = (0.0, 0.7, 1.0, 1.5, 2.0, 3.0)  # px, of the colours alone; 97 of 100 images need none
_TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
_FROM_YCC = np.linalg.inv(_TO_YCC)


def storable(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An episode's images (T, H, W, 3), RGB, whose colours are softened as little as the video format asks for, all
    alike: by so much that the first and the last, which a release is compared by, outlast it."""
    losses = []
    for softness in SOFTNESSES:
        losses.append(max(_lost(_soft(images[end], softness)) for end in (0, -1)))
        if losses[-1] <= KEPT:
            break
    softness = SOFTNESSES[int(np.argmin(losses))]
    return images if softness == 0 else np.stack([_soft(image, softness) for image in images])


def _lost(image: NDArray[np.uint8]) -> float:
    """By how many levels the format's colours change an image, as a release measures it."""
    stored = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(format=PIXELS)
    return difference(cell_means(rgb(stored)), cell_means(image))


def _soft(image: NDArray[np.uint8], softness: float) -> NDArray[np.uint8]:
    """The image (H, W, 3) of the same brightness with its colours blurred by a Gaussian of `softness` px."""
    if softness == 0:
        return image
    values = image.astype(np.float32) @ _TO_YCC.T
    for axis in (0, 1):
        values[..., 1:] = gaussian_filter1d(values[..., 1:], softness, axis)
    return np.clip(values @ _FROM_YCC.T + 0.5, 0, 255).astype(np.uint8)
