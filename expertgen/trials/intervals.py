"""Clopper-Pearson intervals, beside Wilson's (metrics.wilson): exact, so never too short, and wider for it."""

from __future__ import annotations

from scipy.stats import beta


def clopper_pearson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval (low, high) of a binomial proportion (Clopper and Pearson 1934). No trials tell nothing:
    (0, 1). Raises ValueError for counts out of range."""
    if not 0 <= successes <= n:
        raise ValueError(f"expected 0 <= successes <= n, found {successes} of {n}")
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, n - successes + 1))
    high = 1.0 if successes == n else float(beta.ppf(1 - tail, successes + 1, n - successes))
    return low, high
