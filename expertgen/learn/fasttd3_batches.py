"""Batches for many updates at once: one gather and one normalisation for all of them."""

from __future__ import annotations

import torch
from torch import Tensor

from expertgen.learn.replay import Batch, Replay
from expertgen.params import SteerParams
from expertgen.policies.normaliser import Normaliser

Raw = tuple[Tensor, Tensor]  # observations and next observations (batch, D), not normalised


def normalised_batches(
    replay: Replay, count: int, normaliser: Normaliser, params: SteerParams, action_dim: int,
    generator: torch.Generator,
) -> list[tuple[Batch, Raw, Tensor]]:
    """`count` batches of `params.batch_size`, each with its observations as they were stored, and with noise
    (batch, action_dim) that smooths its target action.

    The noise is Gaussian with standard deviation `policy_noise`, clipped at `policy_noise_clip`.
    """
    rows = replay.sample(count * params.batch_size, generator)
    noise = torch.randn(len(rows.action), action_dim, generator=generator).mul_(params.policy_noise)
    parts = (
        normaliser.normalise(rows.observation),
        rows.action.contiguous(),
        rows.reward.contiguous(),
        rows.discount.contiguous(),
        normaliser.normalise(rows.next_observation),
        rows.observation,
        rows.next_observation,
        noise.clamp_(-params.policy_noise_clip, params.policy_noise_clip),
    )
    pieces = zip(*(part.split(params.batch_size) for part in parts), strict=True)
    return [(Batch(*piece[:5]), (piece[5], piece[6]), piece[7]) for piece in pieces]
