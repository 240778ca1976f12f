"""The diffusion prior: a frozen diffusion policy over action chunks, deterministic in its initial noise."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from expertgen.data.checkpoints import load_checkpoint, require_shapes, save_checkpoint
from expertgen.data.json_text import compact_json
from expertgen.errors import IncompatibleArtifact
from expertgen.models.denoiser import Denoiser
from expertgen.policies.diffusion_config import PriorConfig
from expertgen.policies.diffusion_sampler import DDIMSampler
from expertgen.policies.diffusion_schedule import DDIMStep, ddim_scheduler, ddim_steps
from expertgen.policies.normaliser import Normaliser

END_EFFECTOR_COLUMNS = (3, 7, 11)  # x, y, z in the row-major 4x4 pose that opens an observation (Table X)


@dataclass(frozen=True, eq=False)
class DiffusionPrior:
    """Observation and initial noise -> chunk of absolute actions (ExpertGen, III-B and IV-A).

    Its weights are taken as they are when it is first sampled from; do not change them afterwards.
    """

    config: PriorConfig
    denoiser: Denoiser
    observation_normaliser: Normaliser
    action_normaliser: Normaliser
    _cache: dict[int, tuple] = field(default_factory=dict, init=False, repr=False, compare=False)
    _sampler: DDIMSampler = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.denoiser.eval().requires_grad_(False)
        object.__setattr__(self, "_sampler", DDIMSampler(self.denoiser, self.config.clip))

    @property
    def horizon(self) -> int:
        """Control steps in a predicted chunk."""
        return self.config.denoiser.horizon

    @property
    def action_dim(self) -> int:
        return self.config.denoiser.action_dim

    @property
    def observation_dim(self) -> int:
        return self.config.denoiser.observation_dim

    @property
    def execute(self) -> int:
        """Control steps of a chunk that are executed before the next one is predicted."""
        return self.config.execute

    @torch.no_grad()
    def sample(self, observation: Tensor, noise: Tensor, steps: int | None = None) -> Tensor:
        """Deterministic DDIM from x_T = `noise`.

        observation (B, 53) as Table X without the task embedding, in metres and radians, base frame; noise
        (B, horizon, 10), standard normal in training. `steps` defaults to the prior's own `ddim_steps`.
        Returns (B, horizon, 10): end-effector position (m, absolute), 6-D rotation (as predicted: not
        orthonormal), gripper (raw, about [-1, 1]). The actions carry no gradient.

        Raises InvalidParameter for a step count that the diffusion process does not have.
        """
        table, task = self._steps(steps), torch.tensor([self.config.task], device=noise.device)
        normalised = self.observation_normaliser.normalise(observation)
        # Copied out of inference mode, so that a learner may use the actions in a graph of its own.
        chunk = self.action_normaliser.denormalise(self._sampler.sample(normalised, task, noise, table))
        if self.config.relative_position:
            chunk[..., :3] += observation[:, None, END_EFFECTOR_COLUMNS]
        return chunk

    def sample_differentiable(self, observation: Tensor, noise: Tensor, steps: int | None = None) -> Tensor:
        """As `sample`, to rounding, with the gradient by `noise`; several times slower. The weights get none."""
        table, task = self._steps(steps), torch.tensor([self.config.task], device=noise.device)
        normalised = self.observation_normaliser.normalise(observation)
        chunk = self.action_normaliser.denormalise(self._sampler.differentiable(normalised, task, noise, table))
        if not self.config.relative_position:
            return chunk
        return torch.cat((chunk[..., :3] + observation[:, None, END_EFFECTOR_COLUMNS], chunk[..., 3:]), -1)

    def _steps(self, steps: int | None) -> tuple[DDIMStep, ...]:
        steps = self.config.ddim_steps if steps is None else steps
        if steps not in self._cache:
            scheduler = ddim_scheduler(self.config.train_diffusion_steps, self.config.prediction, self.config.clip)
            self._cache[steps] = ddim_steps(scheduler, steps)
        return self._cache[steps]

    def fingerprint(self) -> str:
        """SHA-256 (hex) over weights, normalisers and configuration: equal for priors that act equally."""
        hashed = hashlib.sha256(compact_json(self.config.as_dict()).encode())
        for name, tensor in sorted(self._tensors().items()):
            hashed.update(f"{name} {tuple(tensor.shape)}".encode())
            hashed.update(tensor.contiguous().numpy().data)
        return hashed.hexdigest()

    def save(self, directory: Path) -> None:
        """Write everything that `load` needs as a checkpoint, whole or not at all."""
        save_checkpoint(
            directory, self._tensors(), {"kind": "diffusion_prior", "config": self.config.as_dict()}
        )

    @staticmethod
    def load(directory: Path) -> DiffusionPrior:
        """The prior that `save` wrote.

        Raises MissingInput, CorruptArtifact, or IncompatibleArtifact (another kind or shape of checkpoint).
        """
        tensors, meta = load_checkpoint(directory)
        if meta.get("kind") != "diffusion_prior":
            raise IncompatibleArtifact(
                f"{directory} holds a checkpoint of kind {meta.get('kind')!r}, expected 'diffusion_prior'. "
                "Give the directory that the prior stage wrote."
            )
        config = PriorConfig.from_dict(meta.get("config"), str(directory))
        denoiser = Denoiser(config.denoiser)
        expected = {f"denoiser.{name}": value for name, value in denoiser.state_dict().items()}
        shape = config.denoiser
        for name, dims in (
            ("observation", (shape.observation_dim,)),
            ("action", (shape.horizon, shape.action_dim)),
        ):
            expected |= {f"{name}.{part}": torch.empty(dims) for part in ("mean", "scale")}
        require_shapes(tensors, expected, str(directory))
        denoiser.load_state_dict({name: tensors[f"denoiser.{name}"] for name in denoiser.state_dict()})
        return DiffusionPrior(
            config,
            denoiser,
            Normaliser(tensors["observation.mean"], tensors["observation.scale"], config.observation_clip),
            Normaliser(tensors["action.mean"], tensors["action.scale"]),
        )

    def _tensors(self) -> dict[str, Tensor]:
        tensors = {f"denoiser.{name}": value for name, value in self.denoiser.state_dict().items()}
        for name in ("observation", "action"):
            normaliser: Normaliser = getattr(self, f"{name}_normaliser")
            tensors |= {f"{name}.mean": normaliser.mean, f"{name}.scale": normaliser.scale}
        return tensors
