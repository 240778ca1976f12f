"""From params.yaml, and a profile laid over it, to Params."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from expertgen.errors import InvalidParameter, require_known
from expertgen.params.checks import Problems, check
from expertgen.params.relations import check_relations
from expertgen.params.schema import Params
from expertgen.params.yamlfile import read_yaml

COMMITTED_PROFILE = "cpu"  # params.yaml as it stands, without an overlay
_PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")  # it also names a folder under runs/


def load_params(path: Path, profile: str | None = None) -> Params:
    """The parameters in the file `path`, with `profiles/PROFILE.yaml` beside it laid over them.

    An overlay replaces single values: mappings are merged key by key, lists are replaced whole.
    `None` and "cpu" stand for the file as it is. Raises MissingInput, UnknownName for a profile, and
    InvalidParameter for anything unknown, missing, ill-typed or out of range.
    """
    shown = str(path)
    values = read_yaml(path, shown)
    problems = Problems(shown)
    params = check(values, Params, "", problems)
    _refuse(problems)
    if profile is not None and profile != COMMITTED_PROFILE:
        require_known("profile", profile, profile_names(path))
        overlay_path = path.parent / "profiles" / f"{profile}.yaml"
        overlay = read_yaml(overlay_path, str(overlay_path))
        overlay_problems = Problems(str(overlay_path))
        check(overlay, Params, "", overlay_problems, partial=True)
        _refuse(overlay_problems)
        problems = Problems(f"{shown} with {overlay_path}")
        params = check(_merge(values, overlay), Params, "", problems)
    check_relations(params, problems)
    _refuse(problems)
    return params


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
    merged = dict(base)
    for key, value in overlay.items():
        merged[key] = _merge(base[key], value) if isinstance(value, dict) else value
    return merged


def _refuse(problems: Problems) -> None:
    if problems.lines:
        raise InvalidParameter(problems.message())
