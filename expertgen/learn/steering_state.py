"""Writing and reading the whole state of a steering run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from expertgen.data.checkpoints import load_checkpoint, save_checkpoint
from expertgen.errors import IncompatibleArtifact

Tensors = dict[str, dict[str, Tensor | np.ndarray]]
_FORMAT = "steering-state/1"
# What a continued run may change: when it writes. Not how long it goes on, which the learning rates depend on.
_MAY_DIFFER = {"params.checkpoint_every"}


def write_state(path: Path, identity: dict[str, Any], tensors: Tensors, counters: dict[str, Any]) -> None:
    """Save `tensors`, grouped by part, and `counters`. `identity` is what a run must share to continue."""
    flat = {f"{part}/{name}": value for part, group in tensors.items() for name, value in group.items()}
    save_checkpoint(path, flat, {"format": _FORMAT, "identity": identity, "counters": counters})


def read_state(path: Path, identity: dict[str, Any]) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """The tensors and counters that `write_state` was given.

    Raises MissingInput, CorruptArtifact, and IncompatibleArtifact where its identity is not `identity`.
    """
    tensors, meta = load_checkpoint(path)
    if meta.get("format") != _FORMAT:
        found = meta.get("format", "something else")
        raise IncompatibleArtifact(f"{path} holds {found!r}, expected {_FORMAT!r}. Delete it to start again.")
    found, expected = dict(_flat(meta["identity"])), dict(_flat(identity))
    differing = [key for key in sorted(found.keys() | expected.keys()) if found.get(key) != expected.get(key)]
    differing = [key for key in differing if key not in _MAY_DIFFER]
    if differing:
        lines = [f"  {key}: found {found.get(key)}, expected {expected.get(key)}" for key in differing[:5]]
        raise IncompatibleArtifact(
            f"{path} is the state of another run:\n" + "\n".join(lines) + "\nDelete it to start again."
        )
    grouped: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        part, name = key.split("/", 1)
        grouped.setdefault(part, {})[name] = value
    return grouped, meta["counters"]


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
