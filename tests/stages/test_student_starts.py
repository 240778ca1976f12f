"""No start that a student is taught on is one that anything is measured on, and none is steering's."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from expertgen.errors import InvalidParameter
from expertgen.learn.steering_seeds import TrainingSeeds
from expertgen.params import Params
from expertgen.stages.starts import DEMOS, LEARNING_CURVE, PREFLIGHT, ROLLOUTS, ROOM, evaluation_seeds, start_seeds
from expertgen.stages.student_starts import curve_seeds, teaching_seeds

MANY = 2**31  # episodes, more than any run has
STEERING_END = 2**62 + 2**32


def reach(params: Params, seed: int, task: str = "lift_banana") -> tuple[int, int]:
    """First and last seed that a run could teach on."""
    params = replace(params, seed=seed)
    first = int(teaching_seeds(params, task, 0, 1)[0])
    assert int(teaching_seeds(params, task, MANY, 1)[0]) == first + MANY
    return first, first + MANY


def test_rounds_follow_each_other(small) -> None:
    params, _ = small
    rounds = [teaching_seeds(params, "lift_banana", first, 5) for first in range(0, 20, 5)]
    assert np.concatenate(rounds).tolist() == teaching_seeds(params, "lift_banana", 0, 20).tolist()
    assert len(set(np.concatenate(rounds).tolist())) == 20


def test_runs_and_tasks_have_starts_of_their_own(small) -> None:
    params, _ = small
    ranges = sorted(reach(params, seed, task) for seed in range(30) for task in ("lift_banana", "lift_brick"))
    assert all(last < first for (_, last), (first, _) in pairwise(ranges))
    assert ranges[-1][1] < 2**63


def test_taught_starts_are_nobody_elses(small) -> None:
    params, _ = small
    for seed in range(30):
        first, _ = reach(params, seed)
        steering = TrainingSeeds("lift_banana", seed).draw(10)
        assert steering.max() + 2**32 <= STEERING_END <= first
    for use in (DEMOS, PREFLIGHT, LEARNING_CURVE, ROLLOUTS):
        assert start_seeds(use, params, ROOM[use]).max() < STEERING_END
    assert evaluation_seeds(params).max() < STEERING_END


def test_the_curves_starts_are_nobody_elses(small, changed) -> None:
    params, _ = small
    half = ROOM[LEARNING_CURVE] // 2
    curve = curve_seeds(params, half)
    assert len(curve) == half and curve[:3].tolist() == curve_seeds(params, 3).tolist()
    others = [start_seeds(use, params, ROOM[use]) for use in (DEMOS, PREFLIGHT, ROLLOUTS)]
    for seeds in (*others, start_seeds(LEARNING_CURVE, params, half), evaluation_seeds(params)):
        assert seeds[-1] < curve[0] or curve[-1] < seeds[0]
    on_the_curve = changed(params, "evaluate", seed=int(curve[0]), episodes=4)
    with pytest.raises(InvalidParameter, match=r"evaluate\.seed"):
        evaluation_seeds(on_the_curve)
    with pytest.raises(InvalidParameter, match="expected at most"):
        curve_seeds(params, half + 1)
