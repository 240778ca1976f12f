"""Starts that programs are tried on: no stage meets them, nor does training.

They lie above all others: stages count from below 2**32 (see stages.starts), steering trains below 2**62 + 2**33 (see
learn.steering_seeds). What chooses a program, a try by hand, and the measurement that is reported have starts of their
own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.errors import InvalidParameter
from expertgen.params import Params

FIRST = 3 * 2**61
CHOOSE, TRY, REPORT = 0, 1_000_000, 2_000_000
ROOM = 1_000_000
_RUN = 3_000_000


def script_seeds(use: int, params: Params, count: int) -> NDArray[np.int64]:
    """The first `count` seeds (count,) of a use (CHOOSE, TRY, REPORT) in `params.seed`'s run. Raises
    InvalidParameter."""
    if not 1 <= count <= ROOM:
        raise InvalidParameter(f"--starts: found {count}, expected 1 to {ROOM}.")
    first = FIRST + _RUN * params.seed + use
    return np.arange(first, first + count, dtype=np.int64)
