"""Success maps: every start is counted once, in the right cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertgen.metrics.success_map import extent_of, success_map
from expertgen.metrics.wilson import Rate

EXTENT = ((0.4, 0.6), (-0.2, 0.2))


def test_counts_by_hand_and_empty_cells_are_nan() -> None:
    x = [0.41, 0.41, 0.59, 0.6]
    y = [-0.19, -0.19, 0.19, 0.2]
    built = success_map(x, y, [True, False, True, True], extent=EXTENT, bins=(2, 2))
    assert built.counts.tolist() == [[2, 0], [0, 2]]
    assert built.successes.tolist() == [[1, 0], [0, 2]]
    assert np.array_equal(built.rates, [[0.5, np.nan], [np.nan, 1.0]], equal_nan=True)
    assert built.total == Rate(3, 4)


@given(st.integers(0, 1000), st.integers(1, 200), st.integers(1, 5))
def test_every_start_counts_once(seed: int, n: int, yaw_bins: int) -> None:
    rng = np.random.default_rng(seed)
    x, y, yaw = rng.uniform(0.4, 0.6, n), rng.uniform(-0.2, 0.2, n), rng.uniform(-9, 9, n)
    success = rng.random(n) < 0.5
    built = success_map(x, y, success, extent=EXTENT, bins=(4, 3), yaw=yaw, yaw_bins=yaw_bins)
    assert built.counts.shape == (4, 3, yaw_bins)
    assert built.counts.sum() == n
    assert built.successes.sum() == success.sum()
    flat = success_map(x, y, success, extent=EXTENT, bins=(4, 3))
    assert built.over_position().counts.tolist() == flat.counts.tolist()
    assert built.over_position().successes.tolist() == flat.successes.tolist()


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), min_size=1, max_size=30))
def test_an_extent_of_the_starts_holds_them_all(starts: list[tuple[float, float]]) -> None:
    x, y = np.array(starts).T
    built = success_map(x, y, np.ones(len(x), bool), extent=extent_of(x, y))
    assert built.counts.sum() == len(x)


def test_worst_cells_come_first_with_their_rates() -> None:
    x = [0.45] * 4 + [0.55] * 8 + [0.45] * 2
    y = [-0.1] * 4 + [0.1] * 8 + [0.1] * 2
    success = [False] * 4 + [True] * 7 + [False] + [False] * 2
    worst = success_map(x, y, success, extent=EXTENT, bins=(2, 2)).worst(2)
    assert [cell.rate for cell in worst] == [Rate(0, 4), Rate(0, 2)]
    assert worst[0].x == pytest.approx((0.4, 0.5)) and worst[0].y == pytest.approx((-0.2, 0.0))
    assert worst[0].yaw is None
    assert worst[0].to_json()["high"] == Rate(0, 4).interval[1]
    reliable = success_map(x, y, success, extent=EXTENT, bins=(2, 2)).worst(9, min_starts=4)
    assert [cell.rate for cell in reliable] == [Rate(0, 4), Rate(7, 8)]


def test_worst_cells_name_their_yaw() -> None:
    built = success_map([0.5], [0.0], [False], extent=EXTENT, yaw=[2 * np.pi + 0.1], yaw_bins=4)
    assert built.worst()[0].yaw == pytest.approx((0.0, np.pi / 2))


def test_starts_that_fit_no_cell_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1 starts lie outside the map's y range.*y = 0\.5"):
        success_map([0.5, 0.5], [0.0, 0.5], [True, True], extent=EXTENT)
    with pytest.raises(ValueError, match="outside"):
        success_map([np.nan], [0.0], [True], extent=EXTENT)
    with pytest.raises(ValueError, match="booleans"):
        success_map([0.5], [0.0], [1], extent=EXTENT)
    with pytest.raises(ValueError, match="yaw_bins needs yaw"):
        success_map([0.5], [0.0], [True], extent=EXTENT, yaw_bins=3)
    with pytest.raises(ValueError, match="bins"):
        success_map([0.5], [0.0], [True], extent=EXTENT, bins=(0, 3))
