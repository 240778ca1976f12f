"""What a shard says about its episodes."""

from __future__ import annotations

import numpy as np

from expertgen.rollout import Episodes
from expertgen.stages.demos_shard import shard_arrays


def _episodes(success: list[list[bool]], healthy: list[bool]) -> Episodes:
    marks = np.array(success)
    count, length = marks.shape
    number = np.arange(count * length, dtype=np.float32).reshape(count, length)
    return Episodes(
        observation=np.repeat(number[..., None], 53, -1), action=np.repeat(number[..., None], 10, -1), success=marks,
        joints=np.zeros((count, length, 7)), objects=np.zeros((count, length, 1, 7)),
        start_objects=np.zeros((count, 1, 7)), seeds=np.arange(count), healthy=np.array(healthy),
    )


def test_steps_of_an_episode_stay_together() -> None:
    steps, episodes, ends = shard_arrays(_episodes([[False, True], [False, False], [True, False]], [True] * 3))
    assert steps["observation"][:, 0].tolist() == steps["action"][:, 0].tolist() == list(range(6))
    assert ends.tolist() == [2, 4, 6]
    assert episodes["success_any"].tolist() == [True, False, True]
    assert episodes["success_end"].tolist() == [True, False, False]


def test_an_unhealthy_episode_is_kept_and_never_a_success() -> None:
    steps, episodes, ends = shard_arrays(_episodes([[True, True], [True, True]], [True, False]))
    assert len(ends) == 2 and episodes["healthy"].tolist() == [True, False]
    assert episodes["success_any"].tolist() == episodes["success_end"].tolist() == [True, False]
    assert steps["success"].tolist() == [True, True, False, False]
