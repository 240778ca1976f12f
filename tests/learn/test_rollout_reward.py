from __future__ import annotations

import numpy as np
import pytest

from expertgen.learn.rollout_reward import HoldReward
from expertgen.params import RewardParams


def rows(*traces: str) -> np.ndarray:
    return np.array([[mark == "x" for mark in trace] for trace in traces])


def make(hold_steps: int, terminate: bool, timeout: str = "terminal", num_envs: int = 1) -> HoldReward:
    return HoldReward(RewardParams(hold_steps, terminate), timeout, num_envs)


def step(reward: HoldReward, *traces: str, timed_out: bool = False, healthy: bool = True):
    count = len(traces)
    return reward.step(rows(*traces), np.full(count, healthy), np.full(count, timed_out))


def test_success_inside_a_chunk_counts_even_if_lost_before_its_end():
    outcome = step(make(2, terminate=True), "..xx....")
    assert outcome.reward == 1 and outcome.terminal.all() and outcome.success.all()


def test_success_that_is_too_short_does_not_count():
    outcome = step(make(3, terminate=True), "xx.xx.xx")
    assert outcome.reward == 0 and not outcome.ended.any() and not outcome.success.any()


def test_streaks_cross_chunk_borders_for_each_environment_alone():
    reward = make(4, terminate=True, num_envs=3)
    first = step(reward, "......xx", "......xx", "xxx.....")
    second = step(reward, "xx......", ".xxx....", "x.......")
    assert not first.ended.any()
    assert second.reward.tolist() == [1, 0, 0]


def test_a_reset_breaks_the_streak_of_that_environment_only():
    reward = make(4, terminate=True, num_envs=2)
    step(reward, "......xx", "......xx")
    reward.reset(np.array([0]))
    assert step(reward, "xx......", "xx......").reward.tolist() == [0, 1]


def test_without_termination_each_chunk_is_judged_at_its_last_control_step():
    reward = make(2, terminate=False)
    outcomes = [step(reward, trace) for trace in ("......xx", "xxxxxxxx", "xxxxxxx.", ".......x", "x......x")]
    assert [float(o.reward[0]) for o in outcomes] == [1, 1, 0, 0, 0]
    assert not any(o.ended.any() for o in outcomes)
    assert all(o.success.all() for o in outcomes)  # achieved once in this episode


@pytest.mark.parametrize(
    ("timeout", "terminal", "truncated"), [("terminal", True, False), ("bootstrap", False, True)]
)
def test_time_out_ends_the_episode_with_or_without_a_value(timeout, terminal, truncated):
    outcome = step(make(1, terminate=True, timeout=timeout), "........", timed_out=True)
    assert (outcome.terminal.item(), outcome.truncated.item()) == (terminal, truncated)
    assert outcome.ended.item() and not outcome.success.item()


def test_success_at_time_out_is_terminal_where_success_terminates():
    outcome = step(make(1, terminate=True, timeout="bootstrap"), ".......x", timed_out=True)
    assert outcome.terminal.item() and not outcome.truncated.item() and outcome.reward == 1


@pytest.mark.parametrize("terminate", [True, False])
def test_a_diverged_environment_ends_with_nothing(terminate):
    reward = make(1, terminate=terminate, timeout="bootstrap")
    outcome = step(reward, "xxxxxxxx", healthy=False, timed_out=True)
    assert outcome.reward == 0 and outcome.terminal.item()
    assert not outcome.truncated.item() and not outcome.success.item()
