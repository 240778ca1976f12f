"""The whole state of a behaviour-cloning run as tensors, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from expertgen.data.checkpoints import require_shapes
from expertgen.errors import IncompatibleArtifact

if TYPE_CHECKING:
    from expertgen.learn.behaviour_cloning import BehaviourCloning

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def snapshot(run: BehaviourCloning) -> dict[str, Tensor]:
    """Weights, their average, AdamW's moments and the random state of batches."""
    tensors = {f"denoiser.{name}": value for name, value in run.denoiser.state_dict().items()}
    tensors |= {f"ema.{name}": value for name, value in run.ema.state_dict().items()}
    for name, parameter in run.denoiser.named_parameters():
        state = run.optimiser.state.get(parameter, {})
        tensors |= {f"optimiser.{moment}.{name}": state[moment] for moment in _MOMENTS if state}
    return tensors | {"generator": run.generator.get_state()}


def restore(
    run: BehaviourCloning,
    tensors: dict[str, Tensor],
    meta: dict[str, Any],
    expected: dict[str, Any],
    where: str,
) -> None:
    """Put what `snapshot` took back into a run made with equal arguments; IncompatibleArtifact otherwise."""
    for key, value in expected.items():
        if meta.get(key) != value:
            raise IncompatibleArtifact(
                f"{where} was written by another run: its {key} differs "
                f"({_difference(meta.get(key), value)}). "
                "Delete it to train from the start, or restore what it was trained with."
            )
    require_shapes(tensors, _shapes(run, started=meta["iteration"] > 0), where)
    run.denoiser.load_state_dict(_under(tensors, "denoiser."))
    run.ema.load_state_dict(_under(tensors, "ema."), meta["ema_updates"])
    run.optimiser.state.clear()
    if meta["iteration"]:
        for name, parameter in run.denoiser.named_parameters():
            run.optimiser.state[parameter] = {m: tensors[f"optimiser.{m}.{name}"].clone() for m in _MOMENTS}
    run.generator.set_state(tensors["generator"])
    run.iteration = meta["iteration"]


def _shapes(run: BehaviourCloning, started: bool) -> dict[str, Tensor]:
    shapes = {k: v for k, v in snapshot(run).items() if not k.startswith("optimiser.")}
    for name, parameter in run.denoiser.named_parameters() if started else ():
        shapes |= {
            f"optimiser.{m}.{name}": parameter.new_empty(()) if m == "step" else parameter for m in _MOMENTS
        }
    return shapes


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _difference(found: Any, expected: Any) -> str:
    if isinstance(found, dict) and isinstance(expected, dict):
        keys = sorted(k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k))
        return ", ".join(f"{k}: found {found.get(k)}, expected {expected.get(k)}" for k in keys)
    return f"found {found}, expected {expected}"
