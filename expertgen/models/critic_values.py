"""What a critic's outputs mean: a distribution over returns, a probability of success, or a return.

Each kind turns outputs (2, B, outputs) of twin critics into values (2, B), makes the target of a
temporal-difference update from the outputs at the next state, and measures the loss against it.
`discount` is gamma^m, and 0 where the next state is terminal. Clipped double Q takes, for each
sample, the target of the critic with the lower value, for both; without it each keeps its own.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from expertgen.errors import require_known
from expertgen.params import CriticParams


class CriticValues(Protocol):
    outputs: int

    def values(self, outputs: Tensor) -> Tensor:
        """Expected returns (2, B)."""

    def target(self, outputs: Tensor, reward: Tensor, discount: Tensor, clipped: bool) -> Tensor:
        """The update's target from outputs (2, B, outputs) at the next state, reward (B,), discount (B,)."""

    def loss(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Mean over the batch, summed over the two critics."""


class Categorical:
    """C51 (Bellemare et al. 2017): probabilities of evenly spaced returns, `atoms` from v_min to v_max."""

    def __init__(self, atoms: int, v_min: float, v_max: float) -> None:
        self.outputs = atoms
        self.v_min, self.v_max = v_min, v_max
        self.support = torch.linspace(v_min, v_max, atoms)

    def values(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(-1) @ self.support

    def target(self, outputs: Tensor, reward: Tensor, discount: Tensor, clipped: bool) -> Tensor:
        probabilities = outputs.softmax(-1)
        if clipped:
            second_is_lower = (probabilities[1] @ self.support) < (probabilities[0] @ self.support)
            probabilities = torch.where(second_is_lower[:, None], probabilities[1], probabilities[0])
        return self.project(probabilities, reward, discount)

    def project(self, probabilities: Tensor, reward: Tensor, discount: Tensor) -> Tensor:
        """The distribution (..., B, atoms) of reward + discount * return, clamped, on the same atoms."""
        returns = (reward[:, None] + discount[:, None] * self.support).clamp(self.v_min, self.v_max)
        position = (returns - self.v_min) * ((self.outputs - 1) / (self.v_max - self.v_min))
        # The lower bin is never the last one: a return exactly on an atom, the last included, then has
        # weights 1 and 0 by the same formula, where floor and ceil would give it none at all.
        lower = position.floor().clamp_(0, self.outputs - 2)
        upper_share = (position - lower).clamp_(0, 1) * probabilities
        index = lower.long().expand_as(probabilities)
        projected = torch.zeros_like(probabilities).scatter_add_(-1, index, probabilities - upper_share)
        return projected.scatter_add_(-1, index + 1, upper_share)

    def loss(self, outputs: Tensor, target: Tensor) -> Tensor:
        return -(target * outputs.log_softmax(-1)).sum(-1).mean(-1).sum()


class Bernoulli:
    """Two atoms, returns 0 and 1, for a reward of 1 that ends the episode. One output, the log odds."""

    outputs = 1

    def values(self, outputs: Tensor) -> Tensor:
        return outputs.squeeze(-1).sigmoid()

    def target(self, outputs: Tensor, reward: Tensor, discount: Tensor, clipped: bool) -> Tensor:
        return _scalar_target(self.values(outputs), reward, discount, clipped).clamp_(0, 1)

    def loss(self, outputs: Tensor, target: Tensor) -> Tensor:
        logits = outputs.squeeze(-1)
        return functional.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(-1).sum()


class Regression:
    """One output, the return itself, by squared error."""

    outputs = 1

    def values(self, outputs: Tensor) -> Tensor:
        return outputs.squeeze(-1)

    def target(self, outputs: Tensor, reward: Tensor, discount: Tensor, clipped: bool) -> Tensor:
        return _scalar_target(self.values(outputs), reward, discount, clipped)

    def loss(self, outputs: Tensor, target: Tensor) -> Tensor:
        return (outputs.squeeze(-1) - target).square().mean(-1).sum()


def critic_values(params: CriticParams) -> CriticValues:
    """The kind of value that `params.loss` names: c51, bce or mse."""
    require_known("critic loss", params.loss, ("c51", "bce", "mse"))
    if params.loss == "c51":
        return Categorical(params.atoms, params.v_min, params.v_max)
    return Bernoulli() if params.loss == "bce" else Regression()


def _scalar_target(values: Tensor, reward: Tensor, discount: Tensor, clipped: bool) -> Tensor:
    """(2, B): the same row twice with clipped double Q."""
    following = values.amin(0, keepdim=True).expand_as(values) if clipped else values
    return reward + discount * following
