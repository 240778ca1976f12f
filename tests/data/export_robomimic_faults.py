"""Faults of an export to robomimic, as export_faults.py has them of the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.data.export_faults import Fault

FILE = "demos.hdf5"
Change = Callable[[np.ndarray], np.ndarray]


def _hdf5(change: Callable[[h5py.File], Any], words: str) -> Fault:
    def fault(root: Path) -> str:
        with h5py.File(root / FILE, "r+") as file:
            change(file)
        return words

    return fault


def _replace(file: h5py.File, path: str, values: np.ndarray) -> None:
    """Put another array in the place of one, with a sum of its own, as if it had been written so."""
    del file[path]
    stored = file.create_dataset(path, data=values, track_times=False)
    stored.attrs["sha256"] = hashlib.sha256(np.ascontiguousarray(values)).hexdigest()


def _array(path: str, change: Change, words: str) -> Fault:
    place = f"data/demo_1/{path}"
    return _hdf5(lambda file: _replace(file, place, change(file[place][()])), words)


def _attribute(name: str, change: Callable[[Any], Any], words: str) -> Fault:
    return _hdf5(lambda file: file["data"].attrs.modify(name, change(file["data"].attrs[name])), words)


def _put(at: Any, value: float) -> Change:
    def change(values: np.ndarray) -> np.ndarray:
        values[at] = value
        return values

    return change


def _swapped_images(file: h5py.File) -> None:
    """Each as if written so, but for the sum, which belongs to its place."""
    first, second = (f"data/demo_{number}/obs/front_image" for number in (0, 2))
    for one, other in ((first, second), (first.replace("obs", "next_obs"), second.replace("obs", "next_obs"))):
        sums = [file[path].attrs.get("sha256") for path in (one, other)]
        file.move(one, "kept")
        file.move(other, one)
        file.move("kept", other)
        for path, own in zip((one, other), sums, strict=True):
            if own is not None:
                file[path].attrs["sha256"] = own


def _unshifted(file: h5py.File) -> None:
    for name in list(file["data/demo_1/obs"]):
        _replace(file, f"data/demo_1/next_obs/{name}", file[f"data/demo_1/obs/{name}"][()])


def _truncated(root: Path) -> str:
    path = root / FILE
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return FILE


def _flipped_bit(root: Path) -> str:
    """In the compressed images of one demonstration."""
    with h5py.File(root / FILE) as file:
        chunk = file["data/demo_1/obs/front_image"].id.get_chunk_info(0)
    content = bytearray((root / FILE).read_bytes())
    content[chunk.byte_offset + chunk.size // 2] ^= 16
    (root / FILE).write_bytes(content)
    return "data/demo_1"


ROBOMIMIC_FAULTS: dict[str, Fault] = {
    "missing demonstration": _hdf5(lambda file: file.pop("data/demo_1"), "demo_1 not among them"),
    "missing actions": _hdf5(lambda file: file.pop("data/demo_1/actions"), "actions is missing"),
    "missing images": _hdf5(lambda file: file.pop("data/demo_0/obs/side_image"), "obs/side_image is missing"),
    "truncated file": _truncated,
    "flipped bit in images": _flipped_bit,
    "wrong total": _attribute("total", lambda total: 7, "total is 7"),
    "wrong number of samples": _hdf5(lambda file: file["data/demo_1"].attrs.modify("num_samples", 3), "data/demo_1/"),
    "wrong shape of actions": _array("actions", lambda values: values[:, :-1], "actions is float32"),
    "wrong type of images": _array("obs/front_image", lambda values: values / np.float32(255), "image is float32"),
    "images of two demonstrations swapped": _hdf5(_swapped_images, "front_image is not what was written"),
    "next_obs that is obs": _hdf5(_unshifted, "one step later"),
    "NaN in actions": _array("actions", _put((1, 2), np.nan), "actions holds NaN"),
    "one changed action by itself": _hdf5(
        lambda file: file["data/demo_1/actions"].__setitem__((1, 2), 9.0), "actions is not what was written"
    ),
    "states of another episode": _array("states", _put((1, slice(None)), 7.0), "another than in states"),
    "rewards of another episode": _array("rewards", lambda values: 1 - values, "rewards do not agree"),
    "no end of the episode": _array("dones", np.zeros_like, "dones is not 1"),
    "environment that is no JSON": _attribute("env_args", lambda text: "gym", FILE),
    "frame rate that disagrees": _attribute(
        "env_args", lambda text: text.replace('"control_freq":10', '"control_freq":20'), "does not agree"
    ),
    "demonstration in both masks": _hdf5(
        lambda file: _replace(file, "mask/valid", file["mask/train"][:1]), "2 times in mask/train"
    ),
}
