"""A strict YAML reader: YAML 1.2 scalars (`1e-3` is a number, `off` a word), no duplicate keys, no tags."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from expertgen.errors import InvalidParameter, MissingInput


class _StrictLoader(yaml.SafeLoader):
    """PyYAML reads YAML 1.1, in which `1e-3` is a string and `010` is eight; DVC reads it as 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  PyYAML's own class attribute

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                problem = "a key must be a plain word"
            elif key in seen:
                problem = f"the key {key!r} is written twice"
            else:
                seen.add(key)
                continue
            raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
        return super().construct_mapping(node, deep)


_SCALARS = {
    "null": (r"~|null|", [*"~n", ""]),
    "bool": (r"true|false", [*"tf"]),
    "int": (r"[-+]?(0|[1-9][0-9]*)", [*"-+0123456789"]),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf)|\.(nan|NaN)",
        [*"-+.0123456789"],
    ),
}
for _name, (_pattern, _first) in _SCALARS.items():
    _StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), _first)


# Explicit tags (`!!int abc`) and absurd nesting make PyYAML raise plain Python errors.
_NOT_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)


def read_yaml(path: Path, shown: str) -> Any:
    """The plain value in the YAML file at `path`, which messages call `shown`.

    Raises MissingInput if there is no such file, InvalidParameter if it is not YAML or repeats a key.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise MissingInput(
            f"{shown} does not exist. Run from the project's root, or name the file with --params PATH."
        ) from None
    except OSError as error:
        raise InvalidParameter(f"{shown} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InvalidParameter(f"{shown}: byte {error.start} is not UTF-8 text") from None
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506  a SafeLoader
    except _NOT_YAML as error:
        raise InvalidParameter(f"{shown} is not valid YAML: {_where(error)}") from None


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())[:200]
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem
