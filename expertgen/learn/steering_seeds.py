"""Seeds of the starts that steering trains on."""

from __future__ import annotations

import numpy as np

from expertgen.seeds import seed_sequence

FIRST_TRAINING_SEED = 1_000_000_000
_EPISODES = 2**32  # seeds set aside for one run
_RUNS = 2**30


class TrainingSeeds:
    """Consecutive seeds from a block of their own, one for each episode.

    Every training seed is at least FIRST_TRAINING_SEED (in fact at least 2**32), so an evaluation that
    counts up from a smaller number never meets a start that was trained on. Runs that differ in task or
    seed have different blocks, but for a chance of 2**-30.
    """

    def __init__(self, task: str, seed: int) -> None:
        run = int(seed_sequence("steer", task, seed, "starts").generate_state(1, np.uint32)[0]) % _RUNS
        self._first = _EPISODES * (1 + run)
        self.drawn = 0

    def draw(self, count: int) -> np.ndarray:
        """The next `count` seeds, int64."""
        start = self._first + self.drawn
        self.drawn += count
        return np.arange(start, start + count, dtype=np.int64)
