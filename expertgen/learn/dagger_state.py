"""The whole state of a DAgger run, but for its memory, as tensors, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from expertgen.data.checkpoints import require_shapes
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.student import NORMALISERS

if TYPE_CHECKING:
    from expertgen.learn.dagger import Dagger

PROPRIOCEPTION_CLIP = 5.0  # standard deviations
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def snapshot(run: Dagger) -> dict[str, Tensor]:
    """Weights, their average, AdamW's moments, normalisers, and the random state of diffusion noise."""
    tensors = {f"network.{name}": value for name, value in run.network.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in run.average.state_dict().items()}
    for name, parameter in run.network.named_parameters():
        state = run.optimiser.state.get(parameter, {})
        tensors |= {f"optimiser.{moment}.{name}": state[moment] for moment in _MOMENTS if state}
    for name, normaliser in run.normalisers.items():
        tensors |= {f"{name}.mean": normaliser.mean, f"{name}.scale": normaliser.scale}
    return tensors | {"generator": run.generator.get_state()}


def restore(run: Dagger, tensors: dict[str, Tensor], meta: dict[str, Any], where: str) -> None:
    """Put what `snapshot` took back into a run made with equal arguments. Raises IncompatibleArtifact."""
    for part, module in (("network.", run.network), ("average.", run.average.module)):
        require_shapes(_under(tensors, part), module.state_dict(), where)
    run.network.load_state_dict(_under(tensors, "network."))
    run.average.load_state_dict(_under(tensors, "average."), meta["average_updates"])
    run.optimiser.state.clear()
    if meta["updates"]:
        for name, parameter in run.network.named_parameters():
            run.optimiser.state[parameter] = {m: tensors[f"optimiser.{m}.{name}"].clone() for m in _MOMENTS}
    if meta["inserted"]:
        run.normalisers = {
            name: Normaliser(tensors[f"{name}.mean"], tensors[f"{name}.scale"], _clip(name)) for name in NORMALISERS
        }
    run.generator.set_state(tensors["generator"])


def _clip(name: str) -> float | None:
    return PROPRIOCEPTION_CLIP if name == "proprioception" else None


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
