"""Checkpoints: a directory of tensors.safetensors, meta.json, whatever was added, and SHA256SUMS over all of it.

Nothing is unpickled. `sha256sum --check SHA256SUMS` inside the directory verifies it without this package.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from expertgen.data.atomic import atomic_directory, atomic_write_json, atomic_write_text
from expertgen.data.hashing import sha256_sums, tree_sha256
from expertgen.data.json_text import json_text
from expertgen.data.write_errors import CannotWrite
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput

_TENSORS, _META, _SUMS = "tensors.safetensors", "meta.json", "SHA256SUMS"


def save_checkpoint(
    path: Path, tensors: Mapping[str, torch.Tensor | np.ndarray], meta: dict[str, Any]
) -> None:
    """Write `tensors` and `meta` as the directory `path`, whole or not at all, replacing an earlier one.

    Equal arguments give equal bytes. Tensors may have any shape, device and memory layout, and may share
    memory; complex128 and non-numeric arrays are refused by TypeError. `meta` holds JSON values with string
    keys (tuples come back as lists); ValueError for NaN and infinity. Raises CannotWrite on a full disk.
    """
    owned = _contiguous(tensors)
    text = json_text(meta)
    with atomic_directory(path) as directory:
        try:
            save_file(owned, directory / _TENSORS)
        except SafetensorError as error:
            raise CannotWrite(
                f"{path} could not be written: {error}. The earlier checkpoint stands."
            ) from error
        (directory / _META).write_text(text, encoding="utf-8")
        (directory / _SUMS).write_text(_sums(directory), encoding="utf-8")


def add_to_checkpoint(path: Path, name: str, value: dict[str, Any]) -> None:
    """Write `value` as the JSON file `name` into the checkpoint `path`, whose sums then cover it.

    Two files change, one after the other: meant for a checkpoint that is not yet where it is read. Raises
    CannotWrite on a full disk, ValueError and TypeError as `atomic_write_json`.
    """
    atomic_write_json(path / name, value)
    atomic_write_text(path / _SUMS, _sums(path))


def load_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors (on the CPU, free of the file) and meta that `save_checkpoint` was given.

    Raises MissingInput when `path` is absent, and CorruptArtifact when a file is missing or unlisted or any bit
    differs, in files that were added too.
    """
    if not path.exists():
        raise MissingInput(
            f"no checkpoint at {path}. Run the stage that makes it, or fetch it with `dvc pull`."
        )
    try:
        expected, found = (path / _SUMS).read_bytes(), _sums(path).encode("utf-8")
        if expected != found:
            raise CorruptArtifact(_damage(path, _differing(expected, found)))
        mapped = load_file(path / _TENSORS)
        meta = json.loads((path / _META).read_text(encoding="utf-8"))
    except (OSError, SafetensorError, ValueError) as error:
        raise CorruptArtifact(_damage(path, str(error))) from error
    # load_file maps the file into memory; the copy outlives a replacement of it.
    return {name: tensor.clone() for name, tensor in mapped.items()}, meta


def require_shapes(
    tensors: Mapping[str, torch.Tensor], module_state: Mapping[str, torch.Tensor], where: str
) -> None:
    """Raise IncompatibleArtifact unless `tensors` has the names and shapes of `module_state`.

    The message names `where` and the first three differences.
    """
    differences = []
    for name in [*module_state, *(name for name in tensors if name not in module_state)]:
        expected = tuple(module_state[name].shape) if name in module_state else None
        found = tuple(tensors[name].shape) if name in tensors else None
        if expected != found:
            differences.append(
                f"  {name}: found {found or _absent(found)}, expected {expected or _absent(expected)}"
            )
    if differences:
        more = f"\n  and {len(differences) - 3} more" if len(differences) > 3 else ""
        raise IncompatibleArtifact(
            f"{where} does not fit the network that its parameters describe:\n"
            + "\n".join(differences[:3])
            + more
            + "\nRestore the parameters it was trained with, or train it again."
        )


def _absent(shape: tuple[int, ...] | None) -> str:
    return "no such tensor" if shape is None else "a scalar"


def _contiguous(tensors: Mapping[str, torch.Tensor | np.ndarray]) -> dict[str, torch.Tensor]:
    """The tensors on the CPU, each alone in its memory, as safetensors wants them."""
    result: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for name, value in tensors.items():
        if isinstance(value, np.ndarray):
            value = torch.from_numpy(value if value.flags.writeable else value.copy())
        tensor = value.detach().cpu().contiguous()
        storage = tensor.untyped_storage()
        if storage.data_ptr() in seen or storage.nbytes() != tensor.nbytes:
            tensor = tensor.clone()
        if tensor.dtype == torch.complex128:
            raise TypeError(f"the tensor {name!r} is complex128, which safetensors cannot hold")
        seen.add(tensor.untyped_storage().data_ptr())
        result[name] = tensor
    return result


def _sums(directory: Path) -> str:
    sums = tree_sha256(directory)
    sums.pop(_SUMS, None)
    return sha256_sums(sums)


def _differing(expected: bytes, found: bytes) -> str:
    listed, present = (text.decode("utf-8", "replace").splitlines() for text in (expected, found))
    names = {line.partition("  ")[2] for line in set(listed) ^ set(present)} - {""}
    return f"{' and '.join(sorted(names)) or _SUMS} does not match {_SUMS}"


def _damage(path: Path, reason: str) -> str:
    return (
        f"the checkpoint {path} is damaged: {reason}. "
        "Delete it, then fetch it with `dvc pull` or rerun the stage that makes it."
    )
