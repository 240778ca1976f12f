"""Wilson intervals and rates, against published and tabulated values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertgen.metrics.wilson import Rate, format_rate, wilson_interval


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17, 1998, table I, method 3 (score without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(successes: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_paper_half_widths() -> None:
    """Table I of ExpertGen at 1024 episodes: 56.3 +- 3.1 (script, Lift) and 69.8 +- 2.8 (prior, Lift)."""
    for percent, half_width in ((56.3, 3.1), (69.8, 2.8)):
        low, high = wilson_interval(round(percent / 100 * 1024), 1024)
        assert 50 * (high - low) == pytest.approx(half_width, abs=0.11)


counts = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, st.floats(0.01, 0.999))
def test_contains_the_rate_inside_zero_and_one(pair: tuple[int, int], confidence: float) -> None:
    successes, n = pair
    low, high = wilson_interval(successes, n, confidence)
    assert 0.0 <= low <= successes / n <= high <= 1.0
    assert low < high


@given(counts, st.integers(2, 50))
def test_narrows_with_more_episodes(pair: tuple[int, int], factor: int) -> None:
    successes, n = pair
    low, high = wilson_interval(successes, n)
    low_more, high_more = wilson_interval(factor * successes, factor * n)
    assert high_more - low_more < high - low


@given(counts)
def test_successes_and_failures_mirror(pair: tuple[int, int]) -> None:
    successes, n = pair
    low, high = wilson_interval(successes, n)
    assert wilson_interval(n - successes, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@given(counts)
def test_widens_with_confidence(pair: tuple[int, int]) -> None:
    widths = [np.diff(wilson_interval(*pair, confidence=level))[0] for level in (0.8, 0.95, 0.99)]
    assert widths == sorted(widths)


def test_arrays_agree_with_scalars() -> None:
    successes, n = np.array([[0, 3], [5, 10]]), np.array([5, 10])
    low, high = wilson_interval(successes, n)
    for index in np.ndindex(2, 2):
        assert (low[index], high[index]) == wilson_interval(int(successes[index]), int(n[index[1]]))


def test_no_trials_say_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson_interval(successes, n)


def test_rate_prints_percent_with_interval() -> None:
    assert str(Rate(1008, 1024)) == format_rate(Rate(1008, 1024)) == "98.4 % [97.5, 99.0]"
    assert str(Rate(1024, 1024)) == "100.0 % [99.6, 100.0]"


def test_rate_survives_json() -> None:
    rate = Rate.of(np.array([True, False, True, True]))
    data = rate.to_json()
    assert (data["successes"], data["n"], data["rate"]) == (3, 4, 0.75)
    assert (data["low"], data["high"]) == wilson_interval(3, 4)
    assert Rate.from_json(data) == rate


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (5, 4), (-1, 4)])
def test_impossible_rates_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="n >= 1"):
        Rate(successes, n)


def test_rate_of_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="booleans"):
        Rate.of([0.5, 1.0])
