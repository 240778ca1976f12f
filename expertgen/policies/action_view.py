"""What the critics judge: the noise itself, as in the paper, or the actions that the prior makes of it."""

from __future__ import annotations

import torch
from torch import Tensor

from expertgen.policies.diffusion import DiffusionPrior
from expertgen.policies.noise_space import NoiseSpace
from expertgen.policies.relative import chunk_features, chunk_features_dim


class ActionView:
    """From observation and steering action to the executed chunk as the objects see it.

    The prior is known and may be asked for nothing: only episodes are dear. So the critics need not learn what
    noise does; they judge the decoded chunk, and the actor climbs their value through the frozen sampler. (DSRL's
    noise-aliased variant, Wagenmaker et al. 2025, also learns a critic of actions, but distils it into one of noise
    where the sampler gives no gradient.)
    """

    def __init__(
        self, prior: DiffusionPrior, noise_space: NoiseSpace, observation_dim: int, frames: tuple[int, ...]
    ) -> None:
        self._prior, self._noise_space, self._frames = prior, noise_space, frames
        self._observation_dim = observation_dim
        self.dim = chunk_features_dim(prior.execute, len(frames))

    @torch.no_grad()
    def of(self, seen: Tensor, u: Tensor) -> Tensor:
        """(B, dim) for observations that open with the prior's (B, >= 53) and steering actions u (B, k)."""
        observation = seen[:, : self._observation_dim]
        return self.executed(seen, self._prior.sample(observation, self._noise_space.to_noise(u)))

    def differentiable(self, seen: Tensor, u: Tensor) -> Tensor:
        """As `of`, with the gradient by u."""
        observation = seen[:, : self._observation_dim]
        return self.executed(seen, self._prior.sample_differentiable(observation, self._noise_space.to_noise(u)))

    def executed(self, seen: Tensor, chunk: Tensor) -> Tensor:
        """(B, dim) of a chunk (B, horizon, 10) that was decoded already."""
        return chunk_features(seen[:, : self._observation_dim], chunk[:, : self._prior.execute], self._frames)
