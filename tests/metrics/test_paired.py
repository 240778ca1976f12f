"""McNemar's exact test on paired outcomes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertgen.metrics.paired import mcnemar_exact


def outcomes(both: int, only_a: int, only_b: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    a = [True] * both + [True] * only_a + [False] * only_b + [False] * neither
    b = [True] * both + [False] * only_a + [True] * only_b + [False] * neither
    return np.array(a), np.array(b)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (0, 5, 2 / 32), (5, 1, 2 * 7 / 64), (3, 3, 1.0), (0, 10, 2 / 1024)],
)
def test_two_sided_binomial_by_hand(only_a: int, only_b: int, p: float) -> None:
    assert mcnemar_exact(*outcomes(7, only_a, only_b, 4)) == pytest.approx(p, rel=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_symmetric_a_probability_and_blind_to_agreement(pairs: list[tuple[bool, bool]]) -> None:
    a, b = np.array(pairs).T
    p = mcnemar_exact(a, b)
    assert 0.0 < p <= 1.0
    assert mcnemar_exact(b, a) == p
    assert mcnemar_exact(np.append(a, [True, False]), np.append(b, [True, False])) == p


def test_thousands_of_differing_starts_do_not_underflow_the_sum() -> None:
    a, b = outcomes(0, 2600, 2400, 0)
    assert mcnemar_exact(a, b) == pytest.approx(0.0049, abs=2e-4)


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="boolean"):
        mcnemar_exact([0, 1], [True, False])
    with pytest.raises(ValueError, match="one shape"):
        mcnemar_exact([True], [True, False])
