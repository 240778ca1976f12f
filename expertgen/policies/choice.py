"""The critics' choice among several noises, when the expert acts.

Where two ways of grasping are equally good (a banana across the wrist's range), the best noise jumps as the state
moves, and an actor, which is continuous, falls between. The critics judge each way by itself. Choosing among a
policy's proposals by its critic is due to EMaQ (Ghasemipour et al. 2021, arXiv 2007.11091).
"""

from __future__ import annotations

import torch
from torch import Tensor

from expertgen.models.critic import TwinCritic
from expertgen.models.critic_values import critic_values
from expertgen.params import ChoiceParams, CriticParams
from expertgen.policies.action_view import ActionView
from expertgen.policies.noise_space import NoiseSpace
from expertgen.seeds import torch_generator


class CriticChoice:
    """Candidates are the actor's noise, that with small perturbations, and Gaussian noises, always the same ones.

    A candidate replaces the actor's noise where the lower of the two critics' values is the highest of all, and by
    at least `margin` above the actor's own.
    """

    def __init__(
        self, critic: TwinCritic, critic_params: CriticParams, params: ChoiceParams, noise_space: NoiseSpace,
        view: ActionView | None,
    ) -> None:
        self.critic, self.critic_params, self.params = critic, critic_params, params
        self._values, self._view = critic_values(critic_params), view
        others = params.candidates - 1
        normals = torch.randn(others, noise_space.dim, generator=torch_generator("steer", "candidates"))
        near = others // 2
        self._offsets = torch.cat((torch.zeros(1, noise_space.dim), params.sigma * normals[:near]))
        self._gaussian = noise_space.gaussian(normals[near:])

    def pick(self, seen: Tensor, normalised: Tensor, u: Tensor) -> Tensor:
        """The chosen steering action (B, k), for the actor's u (B, k) and what it saw (B, D), raw and normalised."""
        near = (u[:, None] + self._offsets).clamp(-1, 1)
        candidates = torch.cat((near, self._gaussian.expand(len(u), -1, -1)), 1)  # (B, K, k)
        count = candidates.shape[1]
        flat = candidates.flatten(0, 1)
        judged = self._view.of(seen.repeat_interleave(count, 0), flat) if self._view else flat
        outputs = self.critic(normalised.repeat_interleave(count, 0), judged)
        value = self._values.values(outputs).amin(0).unflatten(0, (len(u), count))
        value[:, 0] += self.params.margin
        best = value.argmax(1)
        return candidates[torch.arange(len(u)), best]
