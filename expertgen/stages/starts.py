"""Which seeds name which starts: every use has a range of its own, so that no stage meets another's starts.

A run with `params.seed` s has seeds 1,000,000 + 3,000,000 s onwards, a million for each of DEMOS and PREFLIGHT, and
half a million for each of LEARNING_CURVE and ROLLOUTS. Evaluation counts up from `evaluate.seed`, wherever the run's
own ranges are not. Steering trains on seeds of at least 2**32 (see learn.steering_seeds).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.errors import InvalidParameter
from expertgen.params import Params

DEMOS, PREFLIGHT, LEARNING_CURVE, ROLLOUTS = 1_000_000, 2_000_000, 3_000_000, 3_500_000
_RUN = 3_000_000  # seeds of one run
ROOM = {DEMOS: 1_000_000, PREFLIGHT: 1_000_000, LEARNING_CURVE: 500_000, ROLLOUTS: 500_000}
_TRAINING = 2**32  # where the seeds that steering trains on begin
_MAX_SEED = (_TRAINING - DEMOS) // _RUN - 1


def start_seeds(use: int, params: Params, count: int) -> NDArray[np.int64]:
    """The first `count` seeds (count,) of a use (DEMOS, PREFLIGHT, LEARNING_CURVE, ROLLOUTS) in `params.seed`'s run.

    Start i has the same seed whatever the count. Raises InvalidParameter for a `seed` or a count without room.
    """
    first = _first(params) - DEMOS + use
    if count > ROOM[use]:
        raise InvalidParameter(f"found {count} starts for one stage, expected at most {ROOM[use]}.")
    return np.arange(first, first + count, dtype=np.int64)


def evaluation_seeds(params: Params, seed: int | None = None, episodes: int | None = None) -> NDArray[np.int64]:
    """`episodes` seeds from `seed` onwards (by default evaluate.episodes and evaluate.seed).

    Raises InvalidParameter when the run collects demonstrations, is checked or trains on any of these starts.
    """
    seed = params.evaluate.seed if seed is None else seed
    episodes = params.evaluate.episodes if episodes is None else episodes
    first = _first(params)
    if (seed < first + _RUN and seed + episodes > first) or seed + episodes > _TRAINING:
        raise InvalidParameter(
            f"evaluate.seed: found {seed} with {episodes} episodes, so starts {seed} to {seed + episodes - 1}; "
            f"expected none of {first} to {first + _RUN - 1} or from {_TRAINING} on, which the run with seed "
            f"{params.seed} collects demonstrations or trains on. Take a smaller number, such as 20000."
        )
    return np.arange(seed, seed + episodes, dtype=np.int64)


def _first(params: Params) -> int:
    if params.seed > _MAX_SEED:
        raise InvalidParameter(
            f"seed: found {params.seed}, expected at most {_MAX_SEED}, for each seed has {_RUN} starts of its own "
            f"below {_TRAINING}."
        )
    return DEMOS + _RUN * params.seed
