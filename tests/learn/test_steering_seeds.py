from __future__ import annotations

import numpy as np

from expertgen.learn.steering_seeds import FIRST_TRAINING_SEED, TrainingSeeds


def test_training_seeds_are_int64_fresh_and_out_of_reach_of_evaluation():
    seeds = TrainingSeeds("lift_banana", 0)
    drawn = np.concatenate([seeds.draw(5), seeds.draw(3)])
    assert drawn.dtype == np.int64 and len(set(drawn.tolist())) == 8
    for task in ("lift_banana", "other"):
        for seed in range(200):
            assert TrainingSeeds(task, seed).draw(1)[0] >= FIRST_TRAINING_SEED


def test_runs_of_other_tasks_and_seeds_train_on_other_starts():
    runs = [TrainingSeeds(task, seed).draw(100) for task in ("a", "b") for seed in (0, 1)]
    assert len(set(np.concatenate(runs).tolist())) == 400
    assert (TrainingSeeds("a", 0).draw(100) == runs[0]).all()
