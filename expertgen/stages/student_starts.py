"""Which starts students are taught on and measured on: none is an evaluation's, and none is both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.params import Params
from expertgen.seeds import seed_sequence
from expertgen.stages.starts import LEARNING_CURVE, ROOM, start_seeds

# Steering trains on seeds from 2**32 up to 2**62 + 2**32 (learn.steering_seeds); students beyond them.
_FIRST, _EPISODES, _RUNS = 2**62 + 2**32, 2**32, 2**28


def teaching_seeds(params: Params, task: str, first: int, count: int) -> NDArray[np.int64]:
    """The starts (count,) of the episodes from number `first` on that a student of `params.seed` is taught on."""
    run = int(seed_sequence("distill", task, params.seed, "starts").generate_state(1, np.uint32)[0]) % _RUNS
    return np.arange(count, dtype=np.int64) + (_FIRST + run * _EPISODES + first)


def curve_seeds(params: Params, count: int) -> NDArray[np.int64]:
    """The starts (count,) of each point of a student's learning curve: the second half of the learning curves' range,
    whose first half steering has."""
    half = ROOM[LEARNING_CURVE] // 2
    return start_seeds(LEARNING_CURVE, params, half + count)[half:]
