"""Which of the package's own sources a module is made of."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import expertgen

# Provenance records the parameters by value, so how they are read and checked changes no artifact.
_VALUES = "expertgen.params"
# The list of tasks, each of which is imported by its name.
_NAMES = "expertgen.benchmarks"
_ROOT = Path(expertgen.__file__).parent
_PACKAGE = expertgen.__name__


@functools.cache
def source_files(module: str, without: str | None = None) -> tuple[str, ...]:
    """The sources that importing `module` can execute, itself included: sorted paths relative to the package. What
    is imported from the package `without`, and what that imports, is left out.

    Followed through the text of the import statements, those inside functions and of packages on the way
    included, so that no change elsewhere (a figure, another stage) makes an artifact look stale. `expertgen.params`
    is left out, and so is the file that lists the tasks.
    Raises ModuleNotFoundError for a module outside the package.
    """
    if _path(module) is None:
        raise ModuleNotFoundError(f"{module} is no module of {_PACKAGE}")
    left_out = [f"{name}." for name in (_VALUES, without) if name]
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if path is None or name in found or f"{name}.".startswith(tuple(left_out)):
            continue
        found[name] = path
        waiting.append(name.rpartition(".")[0])
        waiting.extend(_imports(path))
    return tuple(sorted(path.relative_to(_ROOT).as_posix() for name, path in found.items() if name != _NAMES))


def _path(module: str) -> Path | None:
    parts = module.split(".")
    if parts[0] != _PACKAGE:
        return None
    base = _ROOT.joinpath(*parts[1:])
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
