"""Open-end DTW against a plain reference implementation, and the invariances users rely on."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertgen.metrics.dtw import nearest_dtw, open_end_dtw

PATTERNS = ("asymmetric", "symmetric2")


def slow_open_end(query: np.ndarray, reference: np.ndarray, pattern: str) -> float:
    """The recurrences as printed, cell by cell, and every prefix tried."""

    def d(i: int, j: int) -> float:
        return float(np.linalg.norm(query[i] - reference[j]))

    @cache
    def g(i: int, j: int) -> float:
        if i < 0 or j < 0:
            return np.inf
        if (i, j) == (0, 0):
            return d(0, 0) * (2 if pattern == "symmetric2" else 1)
        if pattern == "symmetric2":
            return min(g(i - 1, j) + d(i, j), g(i - 1, j - 1) + 2 * d(i, j), g(i, j - 1) + d(i, j))
        return min(g(i - 1, j), g(i - 1, j - 1), g(i - 1, j - 2)) + d(i, j)

    n = len(query)
    weights = [n + j + 1 if pattern == "symmetric2" else n for j in range(len(reference))]
    return min(g(n - 1, j) / weights[j] for j in range(len(reference)))


def walks(seed: int, lengths: list[int], components: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.cumsum(rng.normal(size=(length, components)), axis=0) for length in lengths]


lengths = st.lists(st.integers(1, 12), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), lengths, st.sampled_from(PATTERNS))
def test_equals_the_plain_recurrence(seed: int, n: int, others: list[int], pattern: str) -> None:
    query, *references = walks(seed, [n, *others])
    expected = [slow_open_end(query, reference, pattern) for reference in references]
    assert open_end_dtw(query, references, step_pattern=pattern) == pytest.approx(
        expected, rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize("pattern", PATTERNS)
def test_itself_is_at_distance_zero(pattern: str) -> None:
    trajectories = walks(1, [20, 20, 20], components=10)
    match = nearest_dtw(trajectories, trajectories, step_pattern=pattern)
    assert match.distance == pytest.approx(np.zeros(3), abs=1e-12)
    assert match.reference.tolist() == [0, 1, 2]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_prefix_and_a_slowed_prefix_of_a_demonstration_are_at_distance_zero(pattern: str) -> None:
    (reference,) = walks(2, [30])
    assert open_end_dtw(reference[:12], [reference], step_pattern=pattern)[0] == pytest.approx(0.0, abs=1e-12)
    slowed = np.repeat(reference[:12], 3, axis=0)
    assert open_end_dtw(slowed, [reference], step_pattern=pattern)[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_query_is_matched_to_its_end(pattern: str) -> None:
    """Only the reference is open: a query that goes on where the demonstration stopped is not free."""
    (longer,) = walks(3, [30])
    assert open_end_dtw(longer, [longer[:12]], step_pattern=pattern)[0] > 0.1


@pytest.mark.parametrize("pattern", PATTERNS)
def test_constant_offset_is_the_distance(pattern: str) -> None:
    """Normalised: a trajectory held 0.1 m away from a demonstration that stands still is 0.1 from it."""
    still = np.zeros((25, 10))
    away = np.zeros((60, 10))
    away[:, 2] = 0.1
    assert open_end_dtw(away, [still], step_pattern=pattern) == pytest.approx([0.1])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_translation_rotation_and_what_follows_the_end_change_nothing(pattern: str) -> None:
    query, a, b = walks(4, [15, 18, 9])
    distances = open_end_dtw(query, [a, b], step_pattern=pattern)
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    moved = [trajectory @ rotation + [3.0, -2.0, 7.0] for trajectory in (query, a, b)]
    assert open_end_dtw(moved[0], moved[1:], step_pattern=pattern) == pytest.approx(distances)
    assert open_end_dtw(query, [b], step_pattern=pattern) == pytest.approx(distances[1:])
    extended = np.concatenate([a, 1e3 + a])
    assert open_end_dtw(query, [extended], step_pattern=pattern) == pytest.approx(distances[:1])


def test_scaling_and_weights_scale_the_distance() -> None:
    query, reference = walks(6, [15, 18])
    plain = open_end_dtw(query, [reference])
    assert open_end_dtw(2.5 * query, [2.5 * reference]) == pytest.approx(2.5 * plain)
    assert open_end_dtw(query, [reference], weights=[2.5] * 3) == pytest.approx(2.5 * plain)
    assert open_end_dtw(query, [reference], weights=[1, 1, 0]) == pytest.approx(
        open_end_dtw(query[:, :2], [reference[:, :2]])
    )


def test_nearest_is_the_minimum_over_demonstrations() -> None:
    queries, references = walks(7, [8, 11, 5]), walks(8, [9, 4, 12, 7])
    match = nearest_dtw(queries, references)
    table = np.stack([open_end_dtw(query, references) for query in queries])
    assert match.distance == pytest.approx(table.min(axis=1))
    assert match.reference.tolist() == table.argmin(axis=1).tolist()
    assert match.mean == pytest.approx(table.min(axis=1).mean())


def test_drawn_references_repeat_with_the_generator_and_keep_their_indices() -> None:
    queries, references = walks(9, [8, 8]), walks(10, [8] * 30)
    first, second = (
        nearest_dtw(queries, references, max_references=6, rng=np.random.default_rng(3)) for _ in range(2)
    )
    assert first.reference.tolist() == second.reference.tolist()
    for query, distance, index in zip(queries, first.distance, first.reference, strict=True):
        assert open_end_dtw(query, [references[index]])[0] == pytest.approx(distance)
    everything = nearest_dtw(queries, references, max_references=30)
    assert np.all(everything.distance <= first.distance)
    with pytest.raises(ValueError, match="rng"):
        nearest_dtw(queries, references, max_references=6)


def test_bad_trajectories_are_named() -> None:
    good = np.zeros((4, 3))
    with pytest.raises(ValueError, match="reference 1: has values that are not finite"):
        open_end_dtw(good, [good, np.full((4, 3), np.nan)])
    with pytest.raises(ValueError, match="reference 0"):
        open_end_dtw(good, [np.zeros((4, 2))])
    with pytest.raises(ValueError, match="query 0"):
        open_end_dtw(np.zeros((0, 3)), [good])
    with pytest.raises(ValueError, match="weights"):
        open_end_dtw(good, [good], weights=[1.0])
    with pytest.raises(ValueError, match="needs queries and references"):
        open_end_dtw(good, [])
    with pytest.raises(ValueError, match="unknown step pattern"):
        open_end_dtw(good, [good], step_pattern="diagonal")
