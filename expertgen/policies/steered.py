"""A frozen diffusion policy whose initial noise an actor chooses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expertgen.data.checkpoints import load_checkpoint, require_shapes, save_checkpoint
from expertgen.errors import IncompatibleArtifact
from expertgen.models.actor import Actor
from expertgen.params import ActorParams, NoiseParams, as_dict
from expertgen.policies.noise_space import NoiseSpace
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.relative import tool_features

if TYPE_CHECKING:
    from expertgen.policies.diffusion import DiffusionPrior

_FORMAT = "steered-policy/2"


def with_time(observation: Tensor, elapsed: NDArray[np.integer[Any]], episode_steps: int) -> Tensor:
    """(B, D + 1): the observation and the elapsed control steps (B,), -1 at the start and 1 at time-out."""
    time = torch.from_numpy(np.asarray(elapsed, dtype=np.float32)) * (2.0 / episode_steps) - 1.0
    return torch.cat((observation, time[:, None]), dim=-1)


def steering_input(
    observation: Tensor, elapsed: NDArray[np.integer[Any]], episode_steps: int | None, objects: int
) -> Tensor:
    """What actor and critics see: the observation (B, D), then the tool as the first `objects` see it (see
    policies.relative), then the time, unless `episode_steps` is None."""
    if objects:
        observation = torch.cat((observation, tool_features(observation, objects)), dim=-1)
    return observation if episode_steps is None else with_time(observation, elapsed, episode_steps)


class SteeredPolicy:
    """Deterministic: the actor's noise, through the prior's deterministic sampler (ExpertGen, IV-B)."""

    def __init__(
        self,
        prior: DiffusionPrior,
        actor: Actor,
        actor_params: ActorParams,
        normaliser: Normaliser,
        noise_space: NoiseSpace,
        episode_steps: int | None,
        objects: int = 0,
    ) -> None:
        """`episode_steps` scales the time that the actor sees; None for an actor that sees no time. `objects`: how
        many objects' frames it sees the tool in."""
        self.prior = prior
        self.actor = actor
        self.normaliser = normaliser
        self.noise_space = noise_space
        self.episode_steps = episode_steps
        self.objects = objects
        self._actor_params = actor_params

    @torch.no_grad()
    def noise(self, observation: Tensor, elapsed: NDArray[np.integer[Any]]) -> Tensor:
        """The initial noise (B, horizon, action_dim): observation (B, D), elapsed control steps (B,)."""
        seen = steering_input(observation, elapsed, self.episode_steps, self.objects)
        return self.noise_space.to_noise(self.actor(self.normaliser.normalise(seen)))

    def act(self, observation: Tensor, elapsed: NDArray[np.integer[Any]]) -> Tensor:
        """The predicted chunk of actions (B, horizon, action_dim)."""
        return self.prior.sample(observation, self.noise(observation, elapsed))

    def reset(self, mask: NDArray[np.bool_]) -> None:
        """Nothing to forget: each chunk depends on the present observation alone."""

    def save(self, path: Path, provenance: dict[str, Any] | None = None) -> None:
        """Write a checkpoint directory of everything but the prior, of which only the fingerprint is kept."""
        tensors = {f"actor.{name}": value for name, value in self.actor.state_dict().items()}
        tensors |= {f"normaliser.{name}": getattr(self.normaliser, name) for name in ("mean", "scale")}
        meta = {
            "format": _FORMAT,
            "prior": self.prior.fingerprint(),
            "episode_steps": self.episode_steps,
            "objects": self.objects,
            "observation_clip": self.normaliser.clip,
            "noise": as_dict(self.noise_space.params),
            "actor": as_dict(self._actor_params),
            "provenance": provenance or {},
        }
        save_checkpoint(path, tensors, meta)

    @classmethod
    def load(cls, path: Path, prior: DiffusionPrior) -> SteeredPolicy:
        """Read a saved policy onto the prior it was trained with.

        Raises MissingInput, CorruptArtifact, and IncompatibleArtifact for another prior or another format.
        """
        tensors, meta = load_checkpoint(path)
        if meta.get("format") != _FORMAT:
            found = meta.get("format", "something else")
            raise IncompatibleArtifact(
                f"{path} holds {found!r}, expected {_FORMAT!r}. Run the steer stage again."
            )
        if meta["prior"] != prior.fingerprint():
            raise IncompatibleArtifact(
                f"{path} steers the prior {meta['prior'][:12]}, but this is {prior.fingerprint()[:12]}, to "
                "which its noise means nothing. Fetch the prior that belongs to it, or steer this one."
            )
        mean, scale = (tensors.pop(f"normaliser.{name}") for name in ("mean", "scale"))
        normaliser = Normaliser(mean, scale, meta["observation_clip"])
        noise_space = NoiseSpace(NoiseParams(**meta["noise"]), prior.horizon, prior.action_dim)
        actor_params = ActorParams(**{**meta["actor"], "hidden": tuple(meta["actor"]["hidden"])})
        actor = Actor(len(mean), noise_space.dim, actor_params, torch.Generator())
        state = {name.removeprefix("actor."): value for name, value in tensors.items()}
        require_shapes(state, actor.state_dict(), str(path))
        actor.load_state_dict(state)
        return cls(prior, actor, actor_params, normaliser, noise_space, meta["episode_steps"], meta["objects"])
