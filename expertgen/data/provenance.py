"""What an artifact was made from: code, parameters, inputs, packages and seed.

Two runs that should give the same bytes have equal provenance, on any machine and on any day: it
holds no times, host names or absolute paths (the caller keeps paths out of `parameters`).
"""

from __future__ import annotations

import hashlib
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import expertgen
from expertgen.data.hashing import content_sha256, file_sha256, joined_sha256
from expertgen.data.json_text import compact_json
from expertgen.data.sources import source_files
from expertgen.errors import MissingInput

_PACKAGES = ("diffusers", "mujoco", "numpy", "torch", "zarr")
_SCRIPTED, _SKILLS = "policies/scripted.py", "expertgen.skills"


def provenance(
    stage: str, task: str, seed: int, parameters: dict[str, Any], inputs: dict[str, Path],
    packages: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The provenance of what `stage` makes for `task`, as plain JSON values.

    `parameters` holds JSON values; `inputs` names the files and directories that are read, of which the sums of their
    contents are kept, not of what they were made from: other code that gives the same data makes nothing that follows
    stale; `packages` are those that this stage computes with beside the usual
    ones. Raises MissingInput when an input is absent.
    """
    return {
        "stage": stage,
        "task": task,
        "seed": int(seed),
        "parameters": parameters,
        "inputs": {name: _input_sha256(name, path) for name, path in inputs.items()},
        "code": {"version": expertgen.__version__, "sha256": source_sha256(stage, task)},
        "packages": {"python": ".".join(platform.python_version_tuple()[:2]), **_package_versions(*packages)},
    }


def fingerprint(value: dict[str, Any]) -> str:
    """The SHA-256, in hex, of the canonical JSON of `value`: equal for equal values, whatever their order."""
    return hashlib.sha256(compact_json(value).encode("utf-8")).hexdigest()


def source_sha256(stage: str, task: str) -> str:
    """The SHA-256, in hex, of the sources that `stage` and `task` are made of (see data.sources) and their relative
    paths. A task, which the catalogue imports by its name, is no part of what a stage's sources show; the skills that
    its script calls count where scripts run, so that a better script costs no training but what its data cost."""
    root = Path(expertgen.__file__).parent
    own = source_files(f"expertgen.stages.{stage}")
    names = {*own, *source_files(f"expertgen.benchmarks.{task}", None if _SCRIPTED in own else _SKILLS)}
    return joined_sha256({name: file_sha256(root / name) for name in sorted(names)})


def _input_sha256(name: str, path: Path) -> str:
    if not (path.is_dir() or path.is_file()):
        raise MissingInput(
            f"the input {name!r} is not there: {path}. Run the stage that makes it, or `dvc pull`."
        )
    return content_sha256(path)


def _package_versions(*more: str) -> dict[str, str | None]:
    """Installed versions; None for a package that is absent, since not every stage needs each."""
    versions: dict[str, str | None] = {}
    for package in (*_PACKAGES, *more):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return versions
