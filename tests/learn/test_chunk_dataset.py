"""Windows over episodes and their normalisation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.learn.chunk_dataset import ChunkDataset, windows

ENDS = np.array([5, 12])


def demonstrations() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.normal(size=(12, 53)).astype("f4"), generator.normal(size=(12, 10)).astype("f4"), ENDS


def test_windows_hold_the_last_action_of_their_own_episode() -> None:
    result = windows(ENDS, 4)
    assert result[3].tolist() == [3, 4, 4, 4]
    assert result[4].tolist() == [4, 4, 4, 4]
    assert result[5].tolist() == [5, 6, 7, 8]
    assert result[11].tolist() == [11, 11, 11, 11]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(1, 20))
def test_windows_start_at_every_step_and_stay_in_its_episode(lengths: list[int], horizon: int) -> None:
    ends = np.cumsum(lengths)
    result = windows(ends, horizon)
    assert result.shape == (ends[-1], horizon)
    assert (result[:, 0] == np.arange(ends[-1])).all()
    episode = np.searchsorted(ends, result, side="right")
    assert (episode == episode[:, :1]).all()
    assert (np.diff(result, axis=1) <= 1).all() and (np.diff(result, axis=1) >= 0).all()


@pytest.mark.parametrize("relative", [True, False])
def test_chunks_decode_to_the_recorded_actions(relative: bool) -> None:
    observations, actions, ends = demonstrations()
    data = ChunkDataset.build(observations, actions, ends, 4, relative)
    decoded = data.action_normaliser.denormalise(data.chunks)
    if relative:
        decoded[..., :3] += torch.from_numpy(observations)[:, None, [3, 7, 11]]
    torch.testing.assert_close(decoded, torch.from_numpy(actions[windows(ends, 4)]), rtol=1e-5, atol=1e-5)


def test_digest_follows_data_and_treatment() -> None:
    observations, actions, ends = demonstrations()
    digests = {
        ChunkDataset.build(observations, actions, ends, 4, relative).digest
        for relative in (True, False, True)
    }
    actions[0, 0] += 1
    digests.add(ChunkDataset.build(observations, actions, ends, 4, True).digest)
    assert len(digests) == 3


def test_unusable_demonstrations_say_what_is_wrong() -> None:
    observations, actions, ends = demonstrations()
    with pytest.raises(MissingInput, match=r"demos\.episodes"):
        ChunkDataset.build(observations[:0], actions[:0], ends[:0], 4, True)
    with pytest.raises(IncompatibleArtifact, match=r"\(11, 10\)"):
        ChunkDataset.build(observations, actions[:11], ends, 4, True)
    for wrong in ([5, 13], [5, 5, 12], [0, 12], [5]):
        with pytest.raises(IncompatibleArtifact, match="12"):
            ChunkDataset.build(observations, actions, np.array(wrong), 4, True)
    actions[7, 3] = np.nan
    with pytest.raises(IncompatibleArtifact, match="step 7"):
        ChunkDataset.build(observations, actions, ends, 4, True)
