"""Statistics of a feature, as meta/stats.json and meta/episodes hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
NAMES = ("min", "max", "mean", "std", "count", *QUANTILES)
# Evenly spaced frames of an episode that its image statistics are taken of, at most.
IMAGE_SAMPLES = 32

Statistics = dict[str, NDArray[Any]]


def value_statistics(values: NDArray[Any]) -> Statistics:
    """Statistics over the first axis of (N, D) or (N,): each (D,) or (1,) float64, `count` (1,) int64. False is 0 and
    True 1; std is that of a whole population."""
    table = values.reshape(len(values), -1).astype(np.float64)
    quantiles = np.quantile(table, list(QUANTILES.values()), axis=0)
    return {
        "min": table.min(0), "max": table.max(0), "mean": table.mean(0), "std": table.std(0),
        "count": np.array([len(table)], dtype=np.int64),
        **dict(zip(QUANTILES, quantiles, strict=True)),
    }  # fmt: skip


def image_statistics(histogram: NDArray[np.int64], frames: int) -> Statistics:
    """Statistics of `frames` images whose pixels, by channel and value, number `histogram` (3, 256): each (3, 1, 1)
    float64 between 0 and 1, `count` (1,) int64 the number of images."""
    values = np.arange(256) / 255
    share = histogram / histogram.sum(1, keepdims=True)
    mean = share @ values
    # The smallest value that a share q of the pixels does not exceed; half a pixel allows for rounding.
    reached = np.cumsum(histogram, 1)[:, None] >= np.outer(histogram.sum(1), list(QUANTILES.values()))[..., None] - 0.5
    per_channel = {
        "min": values[(histogram > 0).argmax(1)],
        "max": values[255 - (histogram[:, ::-1] > 0).argmax(1)],
        "mean": mean,
        "std": np.sqrt((share * (values - mean[:, None]) ** 2).sum(1)),
        **dict(zip(QUANTILES, values[reached.argmax(2)].T, strict=True)),
    }
    shaped: Statistics = {name: value.reshape(3, 1, 1) for name, value in per_channel.items()}
    return shaped | {"count": np.array([frames], dtype=np.int64)}


def sampled_frames(length: int) -> list[int]:
    """Which frames of an episode of `length` frames its image statistics are taken of, sorted."""
    return np.linspace(0, length - 1, min(length, IMAGE_SAMPLES)).round().astype(int).tolist()


def histogram_of(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(3, 256): how often each channel of (H, W, 3) takes each value."""
    return np.stack([np.bincount(image[..., channel].ravel(), minlength=256) for channel in range(3)])
