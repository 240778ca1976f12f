"""What a saved prior knows about itself."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from expertgen.benchmarks.base import TASK_SLOTS
from expertgen.errors import IncompatibleArtifact, InvalidParameter
from expertgen.models.denoiser import DenoiserConfig
from expertgen.params import PriorParams
from expertgen.policies.diffusion_schedule import Prediction

OBSERVATION_CLIP = 5.0  # standard deviations; beyond what demonstrations show, a network only extrapolates


@dataclass(frozen=True)
class PriorConfig:
    """The denoiser's shape, the diffusion process and the meaning of its output.

    `clip` bounds the predicted clean chunk in normalised units, None for none; `task` is the one-hot index.
    """

    denoiser: DenoiserConfig
    prediction: Prediction
    train_diffusion_steps: int
    ddim_steps: int
    execute: int
    relative_position: bool
    observation_clip: float
    clip: float | None
    task: int

    @staticmethod
    def build(
        params: PriorParams, observation_dim: int, action_dim: int, clip: float | None, task: int = 0
    ) -> PriorConfig:
        """Raises InvalidParameter where `params` contradict each other."""
        if params.execute > params.horizon:
            raise InvalidParameter(
                f"prior.execute is {params.execute}, more than the {params.horizon} actions of prior.horizon."
            )
        shared = {f.name for f in dataclasses.fields(DenoiserConfig)} & {
            f.name for f in dataclasses.fields(params)
        }
        denoiser = DenoiserConfig(
            observation_dim=observation_dim,
            action_dim=action_dim,
            tasks=max(TASK_SLOTS, task + 1),
            **{name: getattr(params, name) for name in shared},
        )
        return PriorConfig(
            denoiser,
            params.prediction,
            params.train_diffusion_steps,
            params.ddim_steps,
            params.execute,
            params.relative_position,
            OBSERVATION_CLIP,
            clip,
            task,
        )

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_dict(values: Any, where: str) -> PriorConfig:
        """The inverse of `as_dict`; IncompatibleArtifact, naming `where`, for anything else."""
        try:
            denoiser = dict(values["denoiser"])
            denoiser["channels"] = tuple(denoiser["channels"])
            return PriorConfig(**{**values, "denoiser": DenoiserConfig(**denoiser)})
        except (KeyError, TypeError) as error:
            raise IncompatibleArtifact(
                f"{where} was written by another version: its configuration does not read as a diffusion "
                f"prior's ({error}). Train it again, or use the version that wrote it."
            ) from error
