"""Starts that a student's released episodes begin from: no other use has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.errors import InvalidParameter
from expertgen.params import Params
from expertgen.stages.starts import DEMOS, ROOM, start_seeds


def released_seeds(params: Params, seed: int, episodes: int) -> NDArray[np.int64]:
    """`episodes` seeds from `seed` onwards. Raises InvalidParameter where the run demonstrates, teaches or is measured
    on any of these starts."""
    last = seed + episodes - 1
    for use, taken in _uses(params).items():
        if seed < taken.stop and last >= taken.start:
            raise InvalidParameter(
                f"--seed: found {seed} with {episodes} episodes, so starts {seed} to {last}; expected none of "
                f"{taken.start} to {taken.stop - 1}, which are {use}. Take another --seed or fewer --episodes."
            )
    return np.arange(seed, seed + episodes, dtype=np.int64)


def _uses(params: Params) -> dict[str, range]:
    """What starts are used for → their seeds."""
    report, first = params.student_report, int(start_seeds(DEMOS, params, 1)[0])
    measured = max(params.evaluate.episodes, params.perturb.episodes, report.episodes, report.robustness_episodes)
    return {
        "those of the evaluation": range(params.evaluate.seed, params.evaluate.seed + measured),
        "kept for demonstrations, pre-flight, learning curves and the expert's episodes":
            range(first, first + sum(ROOM.values())),
        "those that experts and students are trained on": range(2**32, 2**63),  # see stages.student_starts
    }  # fmt: skip
