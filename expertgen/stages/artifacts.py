"""Finished artifacts: what they were made from, putting a new one in place, and keeping a second name for it."""

from __future__ import annotations

import json
import os
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


def keep(kept: Path, *outputs: Path) -> None:
    """Give a stage's finished `outputs` (files and directories) second names under `kept`, which cost no space.

    Raises CannotWrite.
    """
    fresh = kept.with_name(f"{kept.name}.new")
    with report_write_errors(kept):
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for output in outputs:
            _link(output, fresh / output.name)
    put_in_place(fresh, kept)


def bring_back(kept: Path, *outputs: Path) -> None:
    """Put those `outputs` that are not there back from `kept`, where `keep` left them.

    DVC removes a stage's outputs before it calls the stage, which can then find that nothing has to be done. Whether
    they are sound and of the right provenance is for the caller to see. Raises CannotWrite.
    """
    for output in outputs:
        source = kept / output.name
        if output.exists() or not source.exists():
            continue
        fresh = kept.with_name(f"{kept.name}.new")
        with report_write_errors(output):
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            _link(source, fresh / output.name)
            output.parent.mkdir(parents=True, exist_ok=True)
            (fresh / output.name).rename(output)
        shutil.rmtree(fresh, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link_file)
    else:
        _link_file(source, target)


def _link_file(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)
