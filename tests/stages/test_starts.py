"""No stage meets another's starts."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from expertgen.errors import InvalidParameter
from expertgen.learn.steering_seeds import TrainingSeeds
from expertgen.stages.starts import DEMOS, LEARNING_CURVE, PREFLIGHT, ROLLOUTS, ROOM, evaluation_seeds, start_seeds

USES = (DEMOS, PREFLIGHT, LEARNING_CURVE, ROLLOUTS)


def test_uses_and_runs_have_starts_of_their_own(small) -> None:
    params, _ = small
    runs = [dataclasses.replace(params, seed=seed) for seed in (0, 1, 2, 1000)]
    ends = [start_seeds(use, run, ROOM[use])[[0, -1]] for run in runs for use in USES]
    ordered = sorted(tuple(pair) for pair in ends)
    assert all(last < first for (_, last), (first, _) in itertools.pairwise(ordered))
    assert ordered[-1][1] < TrainingSeeds("lift_banana", 0).draw(1)[0]


def test_a_start_does_not_depend_on_how_many_follow(small) -> None:
    params, _ = small
    np.testing.assert_array_equal(start_seeds(DEMOS, params, 5), start_seeds(DEMOS, params, 100)[:5])
    assert start_seeds(DEMOS, params, 5).tolist() == list(range(1_000_000, 1_000_005))


@pytest.mark.parametrize("seed, use", [(0, DEMOS), (0, LEARNING_CURVE), (3, PREFLIGHT), (1, ROLLOUTS)])
def test_evaluation_may_not_meet_the_runs_own_starts(small, changed, seed: int, use: int) -> None:
    params = dataclasses.replace(small[0], seed=seed)
    own = start_seeds(use, params, 10)
    with pytest.raises(InvalidParameter, match=r"evaluate\.seed"):
        evaluation_seeds(params, int(own[3]), 1)
    with pytest.raises(InvalidParameter, match=r"evaluate\.seed"):
        evaluation_seeds(changed(params, "evaluate", seed=2**32 - 2, episodes=3))


def test_evaluation_up_to_the_edge_is_allowed(small) -> None:
    params, _ = small
    assert evaluation_seeds(params, 999_990, 10).tolist() == list(range(999_990, 1_000_000))
    with pytest.raises(InvalidParameter):
        evaluation_seeds(params, 999_990, 11)
    assert evaluation_seeds(params, 4_000_000, 1).tolist() == [4_000_000]
    assert len(evaluation_seeds(params)) == params.evaluate.episodes


def test_numbers_without_room_are_refused(small) -> None:
    params, _ = small
    with pytest.raises(InvalidParameter, match="seed: found 4000000000, expected at most"):
        start_seeds(DEMOS, dataclasses.replace(params, seed=4_000_000_000), 1)
    with pytest.raises(InvalidParameter, match="at most 1000000"):
        start_seeds(DEMOS, params, 1_000_001)
    with pytest.raises(InvalidParameter, match="at most 500000"):
        start_seeds(ROLLOUTS, params, 500_001)
