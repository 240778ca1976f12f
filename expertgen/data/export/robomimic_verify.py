"""Checking an export to robomimic on its own: without the release, and without robomimic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from expertgen.data.export import robomimic_layout as names
from expertgen.data.export.robomimic_demos import demo_problems
from expertgen.data.export.target import ExportReport, Watch, report
from expertgen.data.lerobot import layout
from expertgen.data.lerobot.problems import reading, require_none
from expertgen.data.lerobot.verify_files import sum_problems
from expertgen.errors import MissingInput


def verify_robomimic(directory: Path, watch: Watch | None = None) -> ExportReport:
    """Check the export in `directory`: sums, totals, each demonstration's shapes and values, images, the split.
    `watch(done, total)` is told of demonstrations as they are read. Raises MissingInput when the directory is absent,
    and CorruptArtifact, which lists the problems."""
    return require_sound(directory, f"the export {directory}", watch)


def require_sound(directory: Path, what: str, watch: Watch | None = None) -> ExportReport:
    """`verify_robomimic` with errors about `what`. Each check rests on those before it."""
    if not directory.is_dir():
        raise MissingInput(f"no export at {directory}: expected a folder with {names.FILE} and {layout.SUMS}.")
    require_none(what, sum_problems(directory))
    found: dict[str, Any] = {}
    require_none(what, _problems(directory / names.FILE, found, watch or (lambda done, total: None)))
    return report(directory, len(found["lengths"]), sum(found["lengths"]), layout.video_keys(found["features"]))


def _problems(path: Path, found: dict[str, Any], watch: Watch) -> Iterator[str]:
    """What is wrong with the file; puts the features and the lengths of its demonstrations into `found`."""
    with reading(path.name):
        file = h5py.File(path, "r")
    with file:
        with reading(path.name):
            data = file[names.DATA]
            told, environment = (names.parsed(data.attrs[name]) for name in (names.RELEASE, names.ENV_ARGS))
            found["features"] = features = dict(told["features"])
            expected = names.shapes(features)
            demos, total = list(data), int(data.attrs[names.TOTAL])
        wanted = [names.demo_name(number) for number in range(len(demos))]
        if not demos or set(demos) != set(wanted):
            missing = sorted(set(wanted) - set(demos)) or ["demo_0"]
            yield f"data/: found {len(demos)} demonstrations, {', '.join(missing[:5])} not among them"
            return
        info = {"robot_type": environment.get("env_kwargs", {}).get("robot_type"), "fps": told.get("fps")}
        if environment != names.env_args(info, told.get("instruction", "")):
            yield f"data/: {names.ENV_ARGS} is {environment}, which does not agree with {names.RELEASE}"
        found["lengths"] = []
        for number, name in enumerate(wanted):
            with reading(f"data/{name}"):
                found["lengths"].append(int(data[name].attrs[names.LENGTH]))
                yield from demo_problems(name, data[name], expected, features)
            watch(number + 1, len(wanted))
        if total != sum(found["lengths"]):
            yield f"data/: {names.TOTAL} is {total}, the demonstrations come to {sum(found['lengths'])}"
        yield from _mask_problems(file, wanted)


def _mask_problems(file: h5py.File, demos: list[str]) -> Iterator[str]:
    """Every demonstration is either for training or for validation."""
    split: list[str] = []
    for mask in (names.TRAIN, names.VALID):
        with reading(mask):
            chosen = [name.decode() for name in file[mask][:]]
        split += chosen
        for name in sorted(set(chosen) - set(demos)):
            yield f"{mask} names {name}, which is not there"
    for name in demos:
        if split.count(name) != 1:
            yield f"{name} is {split.count(name)} times in {names.TRAIN} and {names.VALID} together, expected once"
