"""FastTD3 (Seo et al. 2025, arXiv 2505.22642): TD3 for many parallel environments.

Large batches, distributional twin critics, clipped double Q-learning, no target actor, AdamW. The
exploration noise, drawn per environment, belongs to whoever collects.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from expertgen.data.checkpoints import require_shapes
from expertgen.learn.fasttd3_batches import normalised_batches
from expertgen.learn.fasttd3_normaliser import RunningMoments
from expertgen.learn.fasttd3_optimiser import Optimiser
from expertgen.learn.replay import Batch, Replay
from expertgen.models.actor import Actor
from expertgen.models.critic import TwinCritic
from expertgen.models.critic_values import critic_values
from expertgen.models.ema import EMA
from expertgen.params import SteerParams
from expertgen.policies.action_view import ActionView
from expertgen.seeds import torch_generator

_BLOCK_ROWS = 16384  # transitions gathered and normalised at once


@dataclass(frozen=True)
class Losses:
    """Means over the updates of one call to `learn`; None where the actor was not updated."""

    critic_loss: float
    q_mean: float  # of the critics, at stored actions
    actor_loss: float | None
    action_mean: float | None  # mean |u| of the actor, at stored observations


class FastTD3:
    """The networks and their updates. Observations are given raw; the learner normalises them."""

    def __init__(
        self, observation_dim: int, action_dim: int, params: SteerParams, view: ActionView | None,
        *seed_keys: str | int,
    ) -> None:
        """`seed_keys` name the random streams of the initial weights and of the updates. The critics judge what
        `view` makes of an action; without one, the action itself. The replay holds what they judge."""
        initial = torch_generator(*seed_keys, "weights")
        self._params, self.view, self._action_dim = params, view, action_dim
        self.judged_dim = view.dim if view else action_dim
        self._values = critic_values(params.critic)
        self.actor = Actor(observation_dim, action_dim, params.actor, initial)
        self.critic = TwinCritic(observation_dim, self.judged_dim, self._values.outputs, params.critic, initial)
        # The actor follows each wave of the critics; its average over the latest updates does not.
        self.average = EMA(self.actor, power=0.75, maximum=params.actor.average)
        self.target = copy.deepcopy(self.critic).requires_grad_(False)
        # Detached tensors share memory with the parameters.
        self._critic_weights = [parameter.detach() for parameter in self.critic.parameters()]
        self._target_weights = list(self.target.parameters())
        self._actor_optimiser = Optimiser(self.actor, params.actor.learning_rate, params.weight_decay)
        self._critic_optimiser = Optimiser(self.critic, params.critic.learning_rate, params.weight_decay)
        self._generator = torch_generator(*seed_keys, "updates")
        self._moments = RunningMoments(observation_dim)
        self.normaliser = self._moments.normaliser()
        self._critic_updates = 0

    def see(self, observation: Tensor) -> None:
        """Take observations (B, D) into the normalisation, which then stays fixed until the next call."""
        self._moments.update(observation)
        self.normaliser = self._moments.normaliser()

    @torch.no_grad()
    def act(self, observation: Tensor) -> Tensor:
        """The actor's action (B, k) in [-1, 1], without exploration."""
        return self.actor(self.normaliser.normalise(observation))

    def learn(self, replay: Replay, updates: int, with_actor: bool = True, rate: float = 1.0) -> Losses:
        """`updates` >= 1 critic updates, and after every `actor.every`-th one of the actor, at `rate` times the
        learning rates."""
        self._actor_optimiser.scale(rate)
        self._critic_optimiser.scale(rate)
        size = self._params.batch_size
        critic_losses, actor_losses = [], []
        while updates:
            block = min(updates, max(1, _BLOCK_ROWS // size))
            updates -= block
            batches = normalised_batches(
                replay, block, self.normaliser, self._params, self._action_dim, self._generator
            )
            for batch, (raw, raw_next), noise in batches:
                critic_losses.append(self._update_critic(batch, raw_next, noise))
                self._critic_updates += 1
                if with_actor and self._critic_updates % self._params.actor.every == 0:
                    actor_losses.append(self._update_actor(batch, raw))
        critic_loss, q_mean = torch.stack(critic_losses).mean(0).tolist()
        actor_loss, action_mean = torch.stack(actor_losses).mean(0).tolist() if actor_losses else (None, None)
        return Losses(critic_loss, q_mean, actor_loss, action_mean)

    def _update_critic(self, batch: Batch, raw_next: Tensor, noise: Tensor) -> Tensor:
        with torch.no_grad():
            action = (self.actor(batch.next_observation) + noise).clamp_(-1, 1)
            judged = self.view.of(raw_next, action) if self.view else action
            following = self.target(batch.next_observation, judged)
            target = self._values.target(following, batch.reward, batch.discount, self._params.clipped_double)
        outputs = self.critic(batch.observation, batch.action)
        loss = self._values.loss(outputs, target)
        self._critic_optimiser.step(loss)
        torch._foreach_lerp_(self._target_weights, self._critic_weights, self._params.tau)
        return torch.stack((loss.detach(), self._values.values(outputs.detach()).mean()))

    def _update_actor(self, batch: Batch, raw: Tensor) -> Tensor:
        action = self.actor(batch.observation)
        judged = self.view.differentiable(raw, action) if self.view else action
        q = self._values.values(self.critic(batch.observation, judged))
        q = q.amin(0) if self._params.clipped_double else q.mean(0)
        loss = self._params.actor.noise_penalty * action.square().mean() - q.mean()
        self._actor_optimiser.step(loss)
        self.average.update(self.actor)
        return torch.stack((loss.detach(), action.detach().abs().mean()))

    def state(self) -> dict[str, Tensor]:
        """Everything that the future depends on, as named tensors."""
        parts = self._parts().items()
        return {f"{part}/{name}": value for part, group in parts for name, value in group.items()}

    def restore(self, state: dict[str, Tensor], where: str) -> None:
        """Continue exactly from `state`. Raises IncompatibleArtifact, naming `where`, for other shapes."""
        parts: dict[str, dict[str, Tensor]] = {part: {} for part in self._parts()}
        for key, value in state.items():
            part, name = key.split("/", 1)
            parts[part][name] = value
        for name, module in self._modules().items():
            require_shapes(parts[name], module.state_dict(), f"{where} ({name})")
            module.load_state_dict(parts[name])
        self._actor_optimiser.restore(parts["actor_optimiser"])
        self._critic_optimiser.restore(parts["critic_optimiser"])
        self._moments.restore(parts["moments"])
        self.normaliser = self._moments.normaliser()
        self._generator.set_state(parts["counters"]["random"])
        self._critic_updates = int(parts["counters"]["critic_updates"])
        self.average.updates = int(parts["counters"]["average_updates"])

    def _modules(self) -> dict[str, torch.nn.Module]:
        return {"actor": self.actor, "average": self.average.module, "critic": self.critic, "target": self.target}

    def _parts(self) -> dict[str, dict[str, Tensor]]:
        counters = {
            "critic_updates": torch.tensor(self._critic_updates),
            "average_updates": torch.tensor(self.average.updates),
            "random": self._generator.get_state(),
        }
        return {name: module.state_dict() for name, module in self._modules().items()} | {
            "actor_optimiser": self._actor_optimiser.state(),
            "critic_optimiser": self._critic_optimiser.state(),
            "moments": self._moments.state(),
            "counters": counters,
        }
