"""Finished artifacts: what they were made from, and putting a new one in place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from expertgen.data.rename import replace_directory
from expertgen.data.write_errors import report_write_errors

PROVENANCE = "provenance.json"


def same_provenance(artifact: Path, made_from: dict[str, Any]) -> bool:
    """Whether the provenance beside `artifact` is `made_from`; not whether the artifact is sound."""
    try:
        return bool(json.loads((artifact / PROVENANCE).read_text(encoding="utf-8")) == made_from)
    except (OSError, ValueError):
        return False


def put_in_place(new: Path, target: Path) -> None:
    """Make the complete directory `new` become `target`, in one step; an earlier `target` is removed.

    Both are on one file system. Raises CannotWrite; the earlier artifact then stands.
    """
    with report_write_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_directory(new, target)
    shutil.rmtree(new, ignore_errors=True)
