"""Checks of an export to robomimic: one demonstration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from expertgen.data.export import robomimic_layout as names


def array_sha256(array: NDArray[Any]) -> str:
    """The SHA-256, in hex, of the bytes of an array in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def demo_problems(
    name: str, demo: h5py.Group, expected: dict[str, tuple[str, tuple[int, ...]]], features: dict[str, dict[str, Any]]
) -> Iterator[str]:
    """A demonstration has the datasets `expected`, of its length, and they agree with one another."""
    length = int(demo.attrs[names.LENGTH])
    if length < 1:
        yield f"data/{name}: {names.LENGTH} is {length}, expected at least 1"
        return
    found: dict[str, h5py.Dataset] = {}
    demo.visititems(lambda path, item: found.update({path: item}) if isinstance(item, h5py.Dataset) else None)
    wrong = expected.keys() ^ found.keys()
    for path in sorted(wrong):
        yield f"data/{name}: {path} is {'missing' if path in expected else 'not expected'}"
    for path in sorted(expected.keys() & found.keys()):
        dtype, shape = expected[path]
        stored = found[path].dtype.name, found[path].shape
        if stored != (dtype, (length, *shape)):
            wrong.add(path)
            yield f"data/{name}/{path} is {stored[0]} {stored[1]}, expected {dtype} {(length, *shape)}"
    if not wrong:
        yield from (f"data/{name}/{text}" for text in _value_problems(demo, found, features))


def _value_problems(
    demo: h5py.Group, found: dict[str, h5py.Dataset], features: dict[str, dict[str, Any]]
) -> Iterator[str]:
    values = {path: dataset[()] for path, dataset in found.items()}
    for path, array in values.items():
        folder, _, last = path.rpartition("/")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            yield f"{path} holds NaN or infinity"
        if folder != names.NEXT_OBS and array_sha256(array) != found[path].attrs.get(names.SHA256):
            yield f"{path} is not what was written: of another episode, damaged or changed"
        if folder == names.OBS and not np.array_equal(values[f"{names.NEXT_OBS}/{last}"], names.following(array)):
            yield f"{names.NEXT_OBS}/{last} is not {path} one step later"
    for part, of in names.state_parts(features).items():
        if not np.array_equal(values[f"{names.OBS}/{part}"], values[names.STATES][:, of], equal_nan=True):
            yield f"{names.OBS}/{part} is another than in {names.STATES}"
    success = values[names.REWARDS] == 1
    if not np.isin(values[names.REWARDS], (0, 1)).all():
        yield f"{names.REWARDS} holds other values than 0 and 1"
    for key, outcome in (("success", success.any()), ("success_end", success[-1])):
        if bool(demo.attrs[key]) != bool(outcome):
            yield f"{names.REWARDS} do not agree with the attribute {key}, {bool(demo.attrs[key])}"
    if values[names.DONES].tolist() != [0] * (len(success) - 1) + [1]:
        yield f"{names.DONES} is not 1 at the last step alone"
