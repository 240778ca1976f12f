"""Reading and hashing what a gate judges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from expertgen.data.json_file import read_json
from expertgen.data.provenance import fingerprint
from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.workspace import Workspace

PASSED = "passed.json"  # the verdict of a gate that passed


def relative(path: Path, workspace: Workspace) -> str:
    """`path` below the project's folder, for reports."""
    return path.relative_to(workspace.root).as_posix()


def report_sha256(points: list[dict[str, Any]], without: str) -> str:
    """The SHA-256, in hex, of a JSON list of mappings, all but their key `without`."""
    return fingerprint({"points": [{k: v for k, v in point.items() if k != without} for point in points]})


def read_report(path: Path) -> Any:
    """The values of a JSON report. Raises MissingInput, CorruptArtifact."""
    values = read_json(path)
    if values is None:
        raise MissingInput(f"no report at {path}. Run the stage that writes it, or `dvc repro`.")
    return values


@contextmanager
def understanding(path: Path) -> Iterator[None]:
    """Report numbers that are missing from a report, or are no numbers, as IncompatibleArtifact."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise IncompatibleArtifact(
            f"{path} does not hold what its gate judges ({type(error).__name__}: {error}). "
            "Delete it and run its stage again."
        ) from error
