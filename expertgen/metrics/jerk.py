"""Joint-space jerk cost, a measure of smoothness (ExpertGen, eq. 14)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def joint_jerk_cost(
    q: NDArray[np.floating] | Sequence[NDArray[np.floating]], dt: float
) -> NDArray[np.float64]:
    """Mean squared jerk of each joint trajectory, (1/T) times the integral of |d3q/dt3|^2 over [0, T].

    q: (B, T, joints) in rad, or B arrays (T_i, joints) of different lengths; for the Panda the 7 arm joints,
       without the fingers, which are in m.
    dt: sampling interval in s. The third derivative is the third forward difference over dt^3, exact for
        cubics; the integral is its mean over the T - 3 differences. Differences see nothing faster than the
        sampling, so costs compare only at equal dt.
    Returns (B,) float64 in rad^2/s^6.
    Raises ValueError for fewer than 4 samples, another number of dimensions, values that are not finite, or
    dt <= 0.
    """
    if not dt > 0:
        raise ValueError(f"the sampling interval must be positive, found dt = {dt}")
    return np.array([_cost(np.asarray(path, np.float64), dt, index) for index, path in enumerate(q)])


def _cost(q: NDArray[np.float64], dt: float, index: int) -> float:
    if q.ndim != 2 or q.shape[0] < 4:
        raise ValueError(f"trajectory {index}: third differences need (T >= 4, joints), found {q.shape}")
    if not np.isfinite(q).all():
        raise ValueError(f"trajectory {index}: has values that are not finite")
    jerk = np.diff(q, n=3, axis=0) / dt**3
    return float(np.mean(np.sum(jerk**2, axis=1)))
