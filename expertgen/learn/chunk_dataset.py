"""Demonstrations as (observation, action chunk) pairs, normalised and ready for a denoiser."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.policies.diffusion import END_EFFECTOR_COLUMNS
from expertgen.policies.diffusion_config import OBSERVATION_CLIP
from expertgen.policies.normaliser import Normaliser


@dataclass(frozen=True, eq=False)
class ChunkDataset:
    """One pair per control step t: observations (N, D) at t, chunks (N, T, A) of the actions t ... t + T - 1.

    Both are normalised, by statistics over these same N pairs. `digest` identifies the data and its
    treatment.
    """

    observations: Tensor
    chunks: Tensor
    observation_normaliser: Normaliser
    action_normaliser: Normaliser
    digest: str

    @staticmethod
    def build(
        observations: np.ndarray,
        actions: np.ndarray,
        episode_ends: np.ndarray,
        horizon: int,
        relative_position: bool,
    ) -> ChunkDataset:
        """Cut every window of `horizon` actions out of the episodes.

        observations (N, D) and actions (N, 10), episodes concatenated; episode_ends (episodes,), the index
        after each episode's last step. A window that reaches past the end of its episode repeats the
        episode's last action: with absolute poses that means "stay". `relative_position` subtracts the
        end-effector position observed at t from all positions of the window.

        Raises MissingInput without demonstrations, IncompatibleArtifact for arrays that do not fit each
        other.
        """
        _check(observations, actions, episode_ends)
        hashed = hashlib.sha256(f"{horizon} {relative_position}".encode())
        for array in (observations, actions, episode_ends):
            hashed.update(f"{array.shape} {array.dtype}".encode())
            hashed.update(np.ascontiguousarray(array).data)
        observed = torch.from_numpy(np.array(observations, dtype=np.float32))
        window = torch.from_numpy(windows(episode_ends, horizon))
        chunks = torch.from_numpy(np.array(actions, dtype=np.float32))[window]
        if relative_position:
            chunks[..., :3] -= observed[:, None, END_EFFECTOR_COLUMNS]
        observation_normaliser = Normaliser.fit(observed, OBSERVATION_CLIP)
        action_normaliser = Normaliser.fit(chunks)
        return ChunkDataset(
            observation_normaliser.normalise(observed),
            action_normaliser.normalise(chunks),
            observation_normaliser,
            action_normaliser,
            hashed.hexdigest(),
        )


def windows(episode_ends: np.ndarray, horizon: int) -> np.ndarray:
    """Indices (N, horizon) int64 of the window that starts at each step, held at its episode's last step."""
    ends = np.asarray(episode_ends, dtype=np.int64)
    lengths = np.diff(ends, prepend=0)
    last = np.repeat(ends - 1, lengths)
    return np.minimum(np.arange(len(last))[:, None] + np.arange(horizon), last[:, None])


def _check(observations: np.ndarray, actions: np.ndarray, episode_ends: np.ndarray) -> None:
    if len(episode_ends) == 0:
        raise MissingInput(
            "no demonstrations to train on. Collect more (demos.episodes), or train on failures too "
            "(prior.train_on: all)."
        )
    ends = np.asarray(episode_ends)
    if observations.ndim != 2 or actions.ndim != 2 or len(observations) != len(actions):
        raise IncompatibleArtifact(
            f"demonstrations have observations {observations.shape} and actions {actions.shape}; expected "
            "(N, D) and (N, A) with the same N. Make the demonstrations again."
        )
    if np.any(np.diff(ends, prepend=0) <= 0) or ends[-1] != len(actions):
        raise IncompatibleArtifact(
            f"episode ends must rise to the number of steps, {len(actions)}; found {len(ends)} ends, the "
            f"last {ends[-1]}. Make the demonstrations again."
        )
    for name, array in (("observations", observations), ("actions", actions)):
        if not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
            raise IncompatibleArtifact(
                f"demonstration {name} hold a number that is not finite, first at step {row}. "
                "Make them again."
            )
