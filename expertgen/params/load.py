"""From params.yaml, and a profile laid over it, to Params."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from expertgen.errors import InvalidParameter, require_known
from expertgen.params.checks import Problems, check, describe
from expertgen.params.relations import check_relations
from expertgen.params.schema import Params
from expertgen.params.yamlfile import read_yaml

COMMITTED_PROFILE = "cpu"  # params.yaml as it stands, without an overlay
_PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")  # it also names a folder under runs/


PER_TASK = "per_task"


def load_params(path: Path, profile: str | None = None, task: str | None = None) -> Params:
    """The parameters in the file `path`, with `profiles/PROFILE.yaml` beside it laid over them.

    An overlay replaces single values: mappings are merged key by key, lists are replaced whole.
    `None` and "cpu" stand for the file as it is. What a file has under `per_task` for `task` is an overlay too, laid
    over that file's own values. Raises MissingInput, UnknownName for a profile, and
    InvalidParameter for anything unknown, missing, ill-typed or out of range.
    """
    values, own = _read(path, partial=False)
    layers = [own.get(task, {})] if task else []
    shown = str(path)
    if profile is not None and profile != COMMITTED_PROFILE:
        require_known("profile", profile, profile_names(path))
        overlay_path = path.parent / "profiles" / f"{profile}.yaml"
        overlay, its = _read(overlay_path, partial=True)
        layers += [overlay, its.get(task, {})] if task else [overlay]
        shown = f"{path} with {overlay_path}"
    problems = Problems(shown)
    for layer in layers:
        values = _merge(values, layer)
    params = check(values, Params, "", problems)
    check_relations(params, problems)
    _refuse(problems)
    return params


def profile_values(path: Path, profile: str) -> dict[str, Any]:
    """The plain values of a parameter file that says what `path` says with `profile` laid over it, for each task.

    Raises as `load_params`.
    """
    tasks = load_params(path, profile).tasks
    for task in tasks:
        load_params(path, profile, task)
    values, own = _read(path, partial=False)
    if profile != COMMITTED_PROFILE:
        overlay, its = _read(path.parent / "profiles" / f"{profile}.yaml", partial=True)
        # What the file says of a task yields to what the profile says of all.
        own = {task: _merge(_merge(own.get(task, {}), overlay), its.get(task, {})) for task in tasks}
        values = _merge(values, overlay)
    return values | {PER_TASK: {task: own.get(task, {}) for task in tasks}}


def _read(path: Path, partial: bool) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The values in a parameter file or, `partial`, in an overlay, and apart from them what it has under `per_task`."""
    values = read_yaml(path, str(path))
    per_task = (values.pop(PER_TASK, None) or {}) if isinstance(values, dict) else {}
    problems = Problems(str(path))
    check(values, Params, "", problems, partial=partial)
    if not isinstance(per_task, dict):
        problems.add(PER_TASK, describe(per_task), "a mapping from tasks to values")
        per_task = {}
    for task, overlay in per_task.items():
        check(overlay, Params, f"{PER_TASK}.{task}", problems, partial=True)
    _refuse(problems)
    return values, per_task


def profile_names(path: Path) -> list[str]:
    """The profiles that may be laid over the parameter file `path`, the committed one first."""
    stems = (file.stem for file in sorted((path.parent / "profiles").glob("*.yaml")))
    return [COMMITTED_PROFILE, *(stem for stem in stems if _PROFILE_NAME.fullmatch(stem) and stem != "cpu")]


def as_dict(params: Any) -> dict[str, Any]:
    """A section, or all parameters, as the plain mappings, lists and scalars of YAML and JSON."""
    return {field.name: _plain(getattr(params, field.name)) for field in dataclasses.fields(params)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return as_dict(value) if dataclasses.is_dataclass(value) else value


def _merge(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """`overlay` laid over `base`, which may lack what the overlay has."""
    merged = dict(base)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both else value
    return merged


def _refuse(problems: Problems) -> None:
    if problems.lines:
        raise InvalidParameter(problems.message())
