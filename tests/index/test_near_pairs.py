"""All near pairs are found, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from expertgen.index.near_pairs import near_pairs


def test_hand_made_pairs_in_the_order_of_their_distance() -> None:
    vectors = np.array([[0, 0], [1, 0], [0, 3], [0.5, 0], [0, 0]], np.float32)
    assert near_pairs(vectors, 0.5) == [(0, 4, 0.0), (0, 3, 0.5), (1, 3, 0.5), (3, 4, 0.5)]
    assert near_pairs(vectors, 0.0) == [(0, 4, 0.0)]
    assert near_pairs(vectors[:1], 9.0) == near_pairs(vectors[:0], 9.0) == []


@pytest.mark.parametrize("offset", [0.0, 100.0])  # far from the origin squares cancel
def test_none_is_missed_among_many(offset: float) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(700, 6)).astype(np.float32) + np.float32(offset)
    copies = random.choice(700, (40, 2), replace=False)  # also of vectors far from each other in the order
    vectors[copies[:, 0]] = vectors[copies[:, 1]] + random.normal(0, 0.01, (40, 6)).astype(np.float32)
    exact = np.linalg.norm(vectors[:, None].astype(float) - vectors[None].astype(float), axis=-1)
    expected = np.argwhere(np.triu(exact <= 0.5, k=1)).tolist()
    assert len(expected) >= 40
    assert sorted([first, second] for first, second, _ in near_pairs(vectors, 0.5)) == expected
