"""Students: policies that see what cameras see, and know of the arm what it reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expertgen.data.checkpoints import load_checkpoint, require_shapes, save_checkpoint
from expertgen.errors import IncompatibleArtifact
from expertgen.models.student_network import StudentConfig, StudentNetwork
from expertgen.policies.diffusion_schedule import DDIMStep, ddim_scheduler, ddim_steps
from expertgen.policies.normaliser import Normaliser

if TYPE_CHECKING:
    from expertgen.camera_env import Seen

_FORMAT = "student-policy/1"
TOOL = slice(7, 10)  # the tool's position in proprioception
NORMALISERS = ("proprioception", "action")


class StudentPolicy:
    """What is seen → the next chunk of actions. Deterministic: a diffusion head starts from zero noise, its mode.

    `vision` holds the parameters of the cameras and clouds that it was taught with, as plain values: whoever runs it
    has to show it the like.
    """

    def __init__(self, network: StudentNetwork, proprioception: Normaliser, action: Normaliser,
                 vision: dict[str, Any]) -> None:  # fmt: skip
        self.network, self.vision = network.eval().requires_grad_(False), vision
        self.proprioception_normaliser, self.action_normaliser = proprioception, action
        config = network.config
        self._steps = diffusion_steps(config) if config.head == "diffusion" else ()

    @property
    def config(self) -> StudentConfig:
        return self.network.config

    @property
    def sees(self) -> str:
        """points or images."""
        return self.config.sees

    @torch.no_grad()
    def act(self, seen: Seen) -> Tensor:
        """(B, horizon, 10): tool position (m, base frame), 6-D rotation as predicted, gripper about [-1, 1]."""
        told = seen.points if self.sees == "points" else seen.images
        if told is None:
            raise IncompatibleArtifact(f"this student sees {self.sees}, which it was not shown.")
        chunk = self.action_normaliser.denormalise(self._normalised(told, seen.proprioception))
        chunk[..., :3] += seen.proprioception[:, None, TOOL]
        return chunk

    def reset(self, mask: NDArray[np.bool_]) -> None:
        """Nothing to forget: each chunk depends on what is seen now."""

    def _normalised(self, told: Tensor, proprioception: Tensor) -> Tensor:
        normalised = self.proprioception_normaliser.normalise(proprioception)
        condition = self.network.condition(told.float() if self.sees == "points" else told,
                                           proprioception[:, TOOL], normalised)  # fmt: skip
        if not self._steps:
            return self.network.head(condition)
        return denoise(self.network, condition, self._steps)

    def save(self, path: Path, provenance: dict[str, Any] | None = None) -> None:
        """Write everything that `load` needs as a checkpoint directory, whole or not at all."""
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        for name in NORMALISERS:
            normaliser: Normaliser = getattr(self, f"{name}_normaliser")
            tensors |= {f"{name}.mean": normaliser.mean, f"{name}.scale": normaliser.scale}
        meta = {"format": _FORMAT, "config": self.config.as_dict(), "vision": self.vision,
                "clip": self.proprioception_normaliser.clip, "provenance": provenance or {}}  # fmt: skip
        save_checkpoint(path, tensors, meta)

    @classmethod
    def load(cls, path: Path) -> StudentPolicy:
        """The one call by which a robot or an evaluation gets a student: the directory data/TASK/student.

        Raises MissingInput, CorruptArtifact, and IncompatibleArtifact for another kind of checkpoint.
        """
        tensors, meta = load_checkpoint(path)
        if meta.get("format") != _FORMAT:
            raise IncompatibleArtifact(
                f"{path} holds {meta.get('format', 'something else')!r}, expected {_FORMAT!r}. Run the distill stage "
                "again, or give the directory that it wrote."
            )
        network = StudentNetwork(StudentConfig.from_dict(meta["config"]))
        weights = {n.removeprefix("network."): v for n, v in tensors.items() if n.startswith("network.")}
        require_shapes(weights, network.state_dict(), str(path))
        network.load_state_dict(weights)
        normalisers = {name: (tensors[f"{name}.mean"], tensors[f"{name}.scale"]) for name in NORMALISERS}
        proprioception = Normaliser(*normalisers["proprioception"], meta["clip"])
        return cls(network, proprioception, Normaliser(*normalisers["action"]), meta["vision"])


def diffusion_steps(config: StudentConfig) -> tuple[DDIMStep, ...]:
    """The DDIM steps of a diffusion head, which predicts the clean chunk."""
    return ddim_steps(ddim_scheduler(config.train_steps, "sample", None), config.ddim_steps)


def denoise(network: StudentNetwork, condition: Tensor, steps: tuple[DDIMStep, ...]) -> Tensor:
    """The normalised chunk (B, T, A) of a diffusion head, from zero noise by DDIM (eta = 0)."""
    x = torch.zeros(len(condition), network.config.horizon, network.config.action_dim)
    for step in steps:
        clean = network.head(x, torch.full((len(x),), step.timestep), condition)
        x = step.a * x + step.b * clean if step.a else clean
    return x
