"""Statistics against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from expertgen.data.lerobot.statistics import (
    QUANTILES,
    histogram_of,
    image_statistics,
    sampled_frames,
    value_statistics,
)


def test_statistics_of_values_are_numpys() -> None:
    values = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    found = value_statistics(values)
    assert found["count"].tolist() == [500]
    for name in ("min", "max", "mean", "std"):
        assert np.allclose(found[name], getattr(values.astype(np.float64), name)(0))
    for name, share in QUANTILES.items():
        assert np.allclose(found[name], np.quantile(values, share, axis=0), atol=1e-6)


def test_statistics_of_flags_are_shares() -> None:
    found = value_statistics(np.array([True, False, True, True]))
    assert found["mean"].tolist() == [0.75] and found["max"].tolist() == [1.0] and found["min"].shape == (1,)


def test_statistics_of_images_are_those_of_their_pixels() -> None:
    images = np.random.default_rng(1).integers(3, 240, (4, 20, 30, 3), dtype=np.uint8)
    found = image_statistics(sum(histogram_of(image) for image in images), 4)
    pixels = images.reshape(-1, 3) / 255
    assert found["count"].tolist() == [4]
    for name in ("min", "max", "mean", "std"):
        assert np.allclose(found[name][:, 0, 0], getattr(pixels, name)(0))
    for name, share in QUANTILES.items():
        assert np.allclose(found[name][:, 0, 0], np.quantile(pixels, share, axis=0, method="inverted_cdf"))


@pytest.mark.parametrize("length", [1, 2, 32, 33, 1000])
def test_sampled_frames_are_few_and_reach_both_ends(length: int) -> None:
    frames = sampled_frames(length)
    assert frames == sorted(set(frames)) and len(frames) == min(length, 32)
    assert frames[0] == 0 and frames[-1] == length - 1
