"""The space a steering policy acts in, and how it maps to the initial noise of a diffusion policy."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from expertgen.errors import InvalidParameter
from expertgen.params import NoiseParams


class NoiseSpace:
    """From a steering action u in [-1, 1]^dim to noise (horizon, action_dim), at most `bound` per coordinate.

    basis `full`: every element of the noise is a coordinate of its own, as in DSRL (Wagenmaker et al. 2025).
    basis `dct`: coordinates multiply the first `vectors` orthonormal DCT-II vectors over the horizon, for
    each action dimension; all other components are 0. Since the basis is orthonormal, a coordinate of
    Gaussian noise is itself standard normal in both.
    """

    def __init__(self, params: NoiseParams, horizon: int = 16, action_dim: int = 10) -> None:
        self.params = params
        self.horizon, self.action_dim, self.bound = horizon, action_dim, params.bound
        if params.basis == "full":
            self.basis, self.dim = None, horizon * action_dim
            return
        if params.vectors > horizon:
            raise InvalidParameter(
                f"noise.vectors: found {params.vectors}, expected at most the prior's horizon ({horizon})"
            )
        self.basis, self.dim = dct_vectors(params.vectors, horizon), params.vectors * action_dim

    def to_noise(self, u: Tensor) -> Tensor:
        """Noise (B, horizon, action_dim) for u (B, dim)."""
        if self.basis is None:
            return (u * self.bound).view(-1, self.horizon, self.action_dim)
        return (self.basis * self.bound) @ u.view(-1, self.params.vectors, self.action_dim)

    def gaussian(self, normals: Tensor) -> Tensor:
        """The action u (B, dim) whose noise has the standard normals (B, dim) as coordinates.

        Coordinates beyond +-bound are clipped to it, so that u is what the noise really is.
        """
        return (normals / self.bound).clamp_(-1, 1)


def dct_vectors(count: int, length: int) -> Tensor:
    """The first `count` orthonormal DCT-II vectors, as the columns of (length, count)."""
    time = torch.arange(length, dtype=torch.float64)[:, None]
    frequency = torch.arange(count, dtype=torch.float64)[None, :]
    vectors = torch.cos(math.pi / length * (time + 0.5) * frequency) * math.sqrt(2 / length)
    vectors[:, 0] = 1 / math.sqrt(length)
    return vectors.float()
