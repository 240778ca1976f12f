"""A frozen diffusion policy whose initial noise an actor chooses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from expertgen.benchmarks.observation import OBSERVATION_DIM
from expertgen.data.checkpoints import load_checkpoint, require_shapes, save_checkpoint
from expertgen.errors import IncompatibleArtifact
from expertgen.models.actor import Actor
from expertgen.models.critic import TwinCritic
from expertgen.models.critic_values import critic_values
from expertgen.params import ActorParams, ChoiceParams, CriticParams, NoiseParams, as_dict
from expertgen.policies.action_view import ActionView
from expertgen.policies.choice import CriticChoice
from expertgen.policies.noise_space import NoiseSpace
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.relative import TOOL_FEATURES, tool_features

if TYPE_CHECKING:
    from expertgen.policies.diffusion import DiffusionPrior

_FORMAT = "steered-policy/4"


def with_time(observation: Tensor, elapsed: NDArray[np.integer[Any]], episode_steps: int) -> Tensor:
    """(B, D + 1): the observation and the elapsed control steps (B,), -1 at the start and 1 at time-out."""
    time = torch.from_numpy(np.asarray(elapsed, dtype=np.float32)) * (2.0 / episode_steps) - 1.0
    return torch.cat((observation, time[:, None]), dim=-1)


def steering_input(
    observation: Tensor, elapsed: NDArray[np.integer[Any]], episode_steps: int | None, frames: tuple[int, ...]
) -> Tensor:
    """What actor and critics see: the observation (B, D), then the tool in each of `frames` (see
    policies.relative), then the time, unless `episode_steps` is None."""
    if frames:
        observation = torch.cat((observation, tool_features(observation, frames)), dim=-1)
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
        frames: tuple[int, ...] = (),
        choice: CriticChoice | None = None,
    ) -> None:
        """`episode_steps` scales the time that the actor sees; None for an actor that sees no time. `frames`: in
        which it sees the tool, see Benchmark. `choice`: the critics' say, if they have one."""
        self.prior = prior
        self.actor = actor
        self.normaliser = normaliser
        self.noise_space = noise_space
        self.episode_steps = episode_steps
        self.frames = frames
        self.choice = choice
        self._actor_params = actor_params

    @torch.no_grad()
    def noise(self, observation: Tensor, elapsed: NDArray[np.integer[Any]]) -> Tensor:
        """The initial noise (B, horizon, action_dim): observation (B, D), elapsed control steps (B,)."""
        seen = steering_input(observation, elapsed, self.episode_steps, self.frames)
        normalised = self.normaliser.normalise(seen)
        u = self.actor(normalised)
        return self.noise_space.to_noise(self.choice.pick(seen, normalised, u) if self.choice else u)

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
            "frames": list(self.frames),
            "observation_clip": self.normaliser.clip,
            "noise": as_dict(self.noise_space.params),
            "actor": as_dict(self._actor_params),
            "provenance": provenance or {},
        }
        if self.choice:
            tensors |= {f"critic.{name}": value for name, value in self.choice.critic.state_dict().items()}
            meta |= {"critic": as_dict(self.choice.critic_params), "choice": as_dict(self.choice.params)}
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
        _restore(actor, tensors, "actor.", path)
        choice = _load_choice(tensors, meta, prior, noise_space, path) if "choice" in meta else None
        times = (meta["episode_steps"], tuple(meta["frames"]))
        return cls(prior, actor, actor_params, normaliser, noise_space, *times, choice)


def _load_choice(
    tensors: dict[str, Tensor], meta: dict[str, Any], prior: DiffusionPrior, noise_space: NoiseSpace, path: Path
) -> CriticChoice:
    params = CriticParams(**{**meta["critic"], "hidden": tuple(meta["critic"]["hidden"])})
    frames = tuple(meta["frames"])
    view = ActionView(prior, noise_space, OBSERVATION_DIM, frames) if params.sees == "actions" else None
    seen = OBSERVATION_DIM + TOOL_FEATURES * len(frames) + (meta["episode_steps"] is not None)
    judged = view.dim if view else noise_space.dim
    critic = TwinCritic(seen, judged, critic_values(params).outputs, params, torch.Generator())
    _restore(critic, tensors, "critic.", path)
    return CriticChoice(critic.requires_grad_(False), params, ChoiceParams(**meta["choice"]), noise_space, view)


def _restore(module: nn.Module, tensors: dict[str, Tensor], prefix: str, path: Path) -> None:
    state = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    require_shapes(state, module.state_dict(), str(path))
    module.load_state_dict(state)
