"""Reward and episode ends of chunked control, from success per control step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from expertgen.params import RewardParams


@dataclass(frozen=True)
class Outcome:
    """What one chunk brought, (B,) each."""

    reward: np.ndarray  # float32
    terminal: np.ndarray  # bool: the episode ended and no value follows
    truncated: np.ndarray  # bool: the episode was cut off by time, its value goes on
    success: np.ndarray  # bool: the condition was met at some control step of the episode so far

    @property
    def ended(self) -> np.ndarray:
        return self.terminal | self.truncated


class HoldReward:
    """Success counts once it has held for `hold_steps` consecutive control steps, across chunk borders.

    With `terminate`, the episode ends with reward 1 at the end of the chunk in which that happens, wherever
    in the chunk; the chunk is executed whole. Without it, each chunk brings reward 1 if the condition
    holds at its last control step, until time-out. A diverged environment ends with reward 0, as terminal.
    """

    def __init__(
        self, params: RewardParams, timeout: Literal["terminal", "bootstrap"], num_envs: int
    ) -> None:
        self._params = params
        self._bootstrap = timeout == "bootstrap"
        self.streak = np.zeros(num_envs, dtype=np.int64)  # control steps that success has held for by now
        self.achieved = np.zeros(num_envs, dtype=bool)

    def step(self, success: np.ndarray, healthy: np.ndarray, timed_out: np.ndarray) -> Outcome:
        """Account for a chunk: success (B, E), healthy (B,) and, after it, timed_out (B,), all bool."""
        reached = np.zeros(len(success), dtype=bool)
        for step in range(success.shape[1]):
            self.streak = np.where(success[:, step], self.streak + 1, 0)
            reached |= self.streak >= self._params.hold_steps
        reached &= healthy
        self.achieved = (self.achieved | reached) & healthy
        rewarded = reached if self._params.terminate else healthy & (self.streak >= self._params.hold_steps)
        terminal = ~healthy | (reached & self._params.terminate)
        cut = timed_out & ~terminal
        return Outcome(
            reward=rewarded.astype(np.float32),
            terminal=terminal if self._bootstrap else terminal | cut,
            truncated=cut & self._bootstrap,
            success=self.achieved.copy(),
        )

    def reset(self, ids: np.ndarray) -> None:
        """Forget the streaks of environments `ids`: a new episode starts."""
        self.streak[ids] = 0
        self.achieved[ids] = False
