"""A release as robomimic has it: one HDF5 file with a group for each demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from expertgen.data.export import robomimic_layout as names
from expertgen.data.export.robomimic_demos import array_sha256
from expertgen.data.export.robomimic_verify import require_sound
from expertgen.data.export.source import ReleaseSource
from expertgen.data.export.target import ExportReport, Watch, new_export, write_sums
from expertgen.data.json_text import compact_json
from expertgen.data.lerobot import layout

# Files of HDF5 1.10: their metadata have checksums, and any newer library reads them. Level 4 takes images to under a
# quarter; a chunk is one step's image, as a training loader asks for it.
_VERSIONS = ("v110", "v110")
_IMAGES: dict[str, Any] = {"compression": "gzip", "compression_opts": 4}
_CHECKED: dict[str, Any] = {"fletcher32": True, "track_times": False}


def write_robomimic(source: ReleaseSource, target: Path, watch: Watch | None = None) -> ExportReport:
    """Write the release `source` into the folder `target`, check it, then put it in place. Returns what was checked.

    Values are copied, images decoded. The same release gives the same bytes. `watch(done, total)` is told of episodes
    as they are written. Raises InvalidParameter unless `target` is absent or empty, CannotWrite, CorruptArtifact when
    what was written cannot be read back; nothing is left at `target` then.
    """
    with new_export(target, source.directory) as root:
        keys = source.release.video_keys
        images = {key: source.images(key) for key in keys}
        with h5py.File(root / names.FILE, "w", libver=_VERSIONS) as file:
            data = file.create_group(names.DATA)
            for number, length in enumerate(source.lengths):
                demo = data.create_group(names.demo_name(number))
                demo.attrs[names.LENGTH] = length
                for name, value in source.told(number).items():
                    demo.attrs[name] = compact_json(value) if name == "source" else value
                for name, array in names.low_dim(source.arrays(number), source.features).items():
                    _with_following(demo, name, array, {})
                for key in keys:
                    shown = next(images[key])
                    path = f"{names.OBS}/{names.image_name(key)}"
                    _with_following(demo, path, shown, _IMAGES | {"chunks": (1, *shown.shape[1:])})
                if watch is not None:
                    watch(number + 1, len(source.lengths))
            _describe(data, source)
            _split(file, source)
        (root / layout.CARD).write_text(_card(source), encoding="utf-8")
        write_sums(root)
        return require_sound(root, f"the export that was just written for {target}")


def _with_following(demo: h5py.Group, name: str, array: NDArray[Any], how: dict[str, Any]) -> None:
    """Write a dataset of `demo`, with the SHA-256 of its values, and if it is of obs the one of next_obs."""
    options = {"chunks": array.shape, **_CHECKED, **how}
    demo.create_dataset(name, data=array, **options).attrs[names.SHA256] = array_sha256(array)
    folder, _, last = name.rpartition("/")
    if folder == names.OBS:
        demo.create_dataset(f"{names.NEXT_OBS}/{last}", data=names.following(array), **options)


def _describe(data: h5py.Group, source: ReleaseSource) -> None:
    data.attrs[names.TOTAL] = sum(source.lengths)
    data.attrs[names.ENV_ARGS] = compact_json(names.env_args(source.info, source.instruction))
    told = {
        "instruction": source.instruction, "license": source.license, "sha256": source.sha256,
        "features": source.features, "fps": source.info["fps"], "lineage": source.release.lineage,
    }  # fmt: skip
    data.attrs[names.RELEASE] = compact_json(told)


def _split(file: h5py.File, source: ReleaseSource) -> None:
    numbers = range(len(source.lengths))
    told = [source.told(number) for number in numbers]
    kept = set(names.validation([compact_json([of["seed"], of["source"]]) for of in told]))
    for mask, chosen in ((names.TRAIN, [n for n in numbers if n not in kept]), (names.VALID, sorted(kept))):
        demos = np.array([names.demo_name(number).encode() for number in chosen], dtype="S16")
        file.create_dataset(mask, data=demos, track_times=False)


def _card(source: ReleaseSource) -> str:
    return (
        f"# {source.instruction}\n\n{names.FILE}: {len(source.lengths)} episodes, {sum(source.lengths)} steps, in the "
        f"layout of robomimic. License: {source.license}. Made from the LeRobot v3.0 release whose SHA256SUMS have the "
        f"SHA-256 `{source.sha256}`.\n"
    )
