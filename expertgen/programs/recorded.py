"""Programs as recorded inputs: which one `script.program` names, and what provenance says of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import expertgen
from expertgen.data.hashing import file_sha256, joined_sha256
from expertgen.data.sources import source_files
from expertgen.errors import InvalidParameter, MissingInput
from expertgen.geometry import Array
from expertgen.params import ScriptParams, as_dict
from expertgen.programs.limits import SOURCE_BYTES
from expertgen.skills import Planner
from expertgen.workspace import Workspace

SHIPPED = "shipped"  # the benchmark's own script
FOLDER = "programs"
_CONTAINMENT = "expertgen.programs.contained"


def program_text(program: str, workspace: Workspace) -> str | None:
    """The text of the program that `script.program` names, None for the shipped one. Raises MissingInput,
    InvalidParameter."""
    path = program_path(program, workspace)
    return None if path is None else read_program(path)


def program_path(program: str, workspace: Workspace) -> Path | None:
    """Where that program is. Raises InvalidParameter for a path that leads out of the project, and MissingInput."""
    if program == SHIPPED:
        return None
    relative = PurePosixPath(program)
    if relative.is_absolute() or ".." in relative.parts or relative.suffix != ".py":
        raise InvalidParameter(
            f"script.program: found {program!r}, expected {SHIPPED} or a .py file inside the project, such as "
            f"{FOLDER}/{workspace.task}.py."
        )
    # A profile's outputs lie in runs/PROFILE of the project that the program is in.
    roots = [workspace.root, *([workspace.root.parents[1]] if workspace.root.parent.name == "runs" else [])]
    found = [root / relative for root in roots if (root / relative).is_file()]
    if not found:
        raise MissingInput(
            f"script.program: there is no file {roots[-1] / relative}. Write it with `expertgen script write "
            f"{workspace.task}`, or set script.program to {SHIPPED}."
        )
    return found[0]


def read_program(path: Path) -> str:
    """A program's text. Raises MissingInput, and InvalidParameter for what is no text or too long."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(SOURCE_BYTES + 1)
    except OSError as error:
        raise MissingInput(f"the program {path} cannot be read: {error.strerror}.") from None
    if len(content) > SOURCE_BYTES:
        raise InvalidParameter(f"the program {path} is longer than {SOURCE_BYTES} bytes, which none needs to be.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidParameter(f"the program {path} is not UTF-8 text.") from None


def as_script(program: str | None, workspace: Array) -> Callable[[Planner], None] | None:
    """The text of a program as a contained script, None for None; workspace: see `contained.ContainedProgram`.

    Imported by name, so that what is made with the shipped scripts does not hang on the containment (see
    data.provenance)."""
    if program is None:
        return None
    script: Callable[[Planner], None] = importlib.import_module(_CONTAINMENT).ContainedProgram(program, workspace)
    return script


def script_parameters(params: ScriptParams) -> dict[str, Any]:
    """The script's parameters for provenance, without the program: its bytes are an input, whatever its name. For a
    program that is not the shipped one, the SHA-256 of the code that contains it."""
    values = {name: value for name, value in as_dict(params).items() if name != "program"}
    if params.program == SHIPPED:
        return values
    root = Path(expertgen.__file__).parent
    return values | {
        "containment": joined_sha256({name: file_sha256(root / name) for name in source_files(_CONTAINMENT)})
    }


def program_inputs(params: ScriptParams, workspace: Workspace) -> dict[str, Path]:
    """The input of that name for provenance; none for the shipped program. Raises as `program_path`."""
    path = program_path(params.program, workspace)
    return {} if path is None else {"program": path}
