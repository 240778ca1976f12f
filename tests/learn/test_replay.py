from __future__ import annotations

import pytest
import torch

from expertgen.learn.replay import Batch, Replay

GAMMA = 0.9


def fill(replay: Replay, steps: int, ends: dict[tuple[int, int], str]) -> None:
    """Time step t, environment e: observation 100 e + t, next observation that + 0.5, reward t + 1."""
    for t in range(steps):
        envs = torch.arange(replay.num_envs, dtype=torch.float32)
        observation = (100 * envs + t)[:, None]
        kind = [ends.get((t, e)) for e in range(replay.num_envs)]
        replay.add(
            observation,
            observation / 1000,
            torch.full((replay.num_envs,), t + 1.0),
            torch.tensor([k == "terminal" for k in kind]),
            torch.tensor([k == "truncated" for k in kind]),
            observation + 0.5,
        )


def by_observation(replay: Replay) -> dict[int, tuple[float, float, float]]:
    """(reward, discount, next observation) for each stored observation, from many samples."""
    batch = replay.sample(4000, torch.Generator().manual_seed(0))
    columns = (batch.observation[:, 0], batch.reward, batch.discount, batch.next_observation[:, 0])
    rows = zip(*columns, strict=True)
    return {round(float(o)): (float(r), float(d), float(n)) for o, r, d, n in rows}


def test_single_steps_come_back_as_stored():
    replay = Replay(10, 2, 1, 1, 1, GAMMA)
    fill(replay, 4, {(1, 0): "terminal", (2, 1): "truncated"})
    found = by_observation(replay)
    assert sorted(found) == [0, 1, 2, 3, 100, 101, 102, 103]
    assert found[1] == pytest.approx((2, 0, 1.5))
    assert found[102] == pytest.approx((3, GAMMA, 102.5))  # cut off: its own final observation has a value


def test_n_step_windows_stop_at_episode_ends_and_at_the_newest_step():
    replay = Replay(10, 2, 1, 1, 3, GAMMA)
    fill(replay, 6, {(2, 0): "terminal", (3, 1): "truncated"})
    found = by_observation(replay)
    assert found[0] == pytest.approx((1 + GAMMA * 2 + GAMMA**2 * 3, 0, 2.5))
    assert found[1] == pytest.approx((2 + GAMMA * 3, 0, 2.5))
    assert found[2] == pytest.approx((3, 0, 2.5))
    assert found[3] == pytest.approx((4 + GAMMA * 5 + GAMMA**2 * 6, GAMMA**3, 5.5))
    assert found[4] == pytest.approx((5 + GAMMA * 6, GAMMA**2, 5.5))  # the newest step is 5
    assert found[5] == pytest.approx((6, GAMMA, 5.5))
    assert found[102] == pytest.approx((3 + GAMMA * 4, GAMMA**2, 103.5))  # truncated: it has a value


def test_windows_do_not_cross_the_write_head_of_a_full_buffer():
    replay = Replay(4, 1, 1, 1, 3, GAMMA)
    fill(replay, 6, {})
    found = by_observation(replay)
    assert sorted(found) == [2, 3, 4, 5]
    assert found[2] == pytest.approx((3 + GAMMA * 4 + GAMMA**2 * 5, GAMMA**3, 4.5))
    assert found[5] == pytest.approx((6, GAMMA, 5.5))


@pytest.mark.parametrize("steps", [3, 7])
def test_a_restored_buffer_goes_on_exactly(steps):
    original, restored = Replay(4, 2, 1, 1, 2, GAMMA), Replay(4, 2, 1, 1, 2, GAMMA)
    fill(original, steps, {(1, 0): "terminal"})
    restored.restore({name: value.clone() for name, value in original.state().items()})
    for replay in (original, restored):
        fill(replay, 2, {})
    a, b = (replay.sample(64, torch.Generator().manual_seed(1)) for replay in (original, restored))
    for name in Batch.__dataclass_fields__:
        assert torch.equal(getattr(a, name), getattr(b, name)), name


def test_an_empty_buffer_refuses_to_be_sampled():
    with pytest.raises(ValueError, match="empty"):
        Replay(4, 2, 1, 1, 1, GAMMA).sample(1, torch.Generator())
