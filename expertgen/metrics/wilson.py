"""Success rates with Wilson binomial intervals (ExpertGen, section V-D a; Wilson 1927)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray


@overload
def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]: ...
@overload
def wilson_interval(
    successes: NDArray[Any], n: NDArray[Any] | int, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def wilson_interval(successes: Any, n: Any, confidence: float = 0.95) -> tuple[Any, Any]:
    """Wilson score interval, without continuity correction, of a binomial proportion.

    successes, n: counts, scalars or arrays that broadcast, 0 <= successes <= n.
    Returns (low, high) as fractions in [0, 1], floats for scalars. No trials (n = 0) tell nothing: (0, 1).
    Raises ValueError for counts out of range or a confidence outside (0, 1).
    """
    s, total = np.broadcast_arrays(np.asarray(successes, float), np.asarray(n, float))
    if not np.all((s >= 0) & (s <= total)):
        raise ValueError("successes must lie between 0 and n")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie inside (0, 1), found {confidence}")
    z2 = NormalDist().inv_cdf(0.5 + confidence / 2) ** 2
    centre = (s + z2 / 2) / (total + z2)
    trials = np.maximum(total, 1.0)  # with n = 0 the numerator s (n - s) is zero whatever the divisor
    half = np.sqrt(z2 * s * (total - s) / trials + z2**2 / 4) / (total + z2)
    # At the two ends the bound is exactly 0 or 1; rounding must not push it inside or outside.
    low = np.where(s == 0, 0.0, np.clip(centre - half, 0.0, 1.0))
    high = np.where(s == total, 1.0, np.clip(centre + half, 0.0, 1.0))
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


@dataclass(frozen=True)
class Rate:
    """A success rate: `successes` out of `n` >= 1 episodes. Prints as "98.4 % [97.5, 99.0]"."""

    successes: int
    n: int

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 <= self.successes <= self.n:
            raise ValueError(f"expected n >= 1 and 0 <= successes <= n, found {self.successes} of {self.n}")

    @classmethod
    def of(cls, outcomes: ArrayLike) -> Rate:
        """The rate of a non-empty array of booleans, one per episode."""
        flags = np.asarray(outcomes)
        if flags.dtype != np.bool_:
            raise ValueError(f"outcomes must be booleans, found {flags.dtype}")
        return cls(int(flags.sum()), int(flags.size))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rate:
        """The inverse of to_json; the derived numbers are computed anew."""
        return cls(int(data["successes"]), int(data["n"]))

    @property
    def rate(self) -> float:
        """Fraction of successes, in [0, 1]."""
        return self.successes / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval as fractions (low, high)."""
        return wilson_interval(self.successes, self.n)

    def to_json(self) -> dict[str, float | int]:
        """Counts, rate and 95 % Wilson interval, all fractions."""
        low, high = self.interval
        return {"successes": self.successes, "n": self.n, "rate": self.rate, "low": low, "high": high}

    def __str__(self) -> str:
        return format_rate(self)


def format_rate(rate: Rate, digits: int = 1) -> str:
    """ "98.4 % [97.5, 99.0]": the rate and its 95 % Wilson interval, in percent."""
    low, high = rate.interval
    return f"{100 * rate.rate:.{digits}f} % [{100 * low:.{digits}f}, {100 * high:.{digits}f}]"
