"""Mend what a killed DVC may leave: its own files, written in place, cut off in the middle.

    python -m tasks.mend_dvc          # in the project's folder; says what it mended, or nothing

DVC writes dvc.lock and .dvc/tmp/rwlock over themselves. Killed just then, it leaves a part, at which the next DVC
command stops. Nothing that a stage made is touched. Of dvc.lock the whole entries are kept, and of the others those
that git's last commit has; for a stage that is then without one, `dvc repro` calls the stage, which finds its artifact
up to date. The other file only says which DVC process uses which path.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from dvc.lock import make_lock
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from dvc.utils.serialize import dumps_yaml
from voluptuous import Invalid

LOCK = "dvc.lock"
_ENTRY = re.compile(r"^(?=  [^\s-])", re.MULTILINE)  # a stage's name, in dvc.lock


def main() -> int:
    for line in mend(Path()):
        print(f"mend_dvc: {line}", file=sys.stderr)
    return 0


def mend(root: Path) -> list[str]:
    """Mend the DVC project in `root`; one line for each file that had to be.

    Waits for a DVC that is writing just now. Raises OSError where a file cannot be written.
    """
    folder = root / ".dvc" / "tmp"
    if not folder.is_dir():
        return []
    mended = []
    with _held(folder, "rwlock.lock"):
        path = folder / "rwlock"
        if path.exists() and not _is_json(path):
            path.unlink()
            mended.append(f"{path} was cut off; removed")
    with _held(folder, "lock"):
        path = root / LOCK
        if path.exists() and _entries(path.read_text(encoding="utf-8", errors="replace")) is None:
            kept = _mend_lock(path)
            mended.append(f"{path} was cut off; kept what it has of: {', '.join(kept) or 'no stage'}")
    return mended


def _held(folder: Path, name: str) -> Any:
    return make_lock(str(folder / name), tmp_dir=str(folder), wait=True)


def _is_json(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
    except ValueError:
        return False


def _entries(text: str) -> dict[str, Any] | None:
    """The stages in a dvc.lock; None where DVC would refuse it."""
    try:
        return dict(COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(text))["stages"])
    except (yaml.YAMLError, Invalid, KeyError, TypeError):
        return None


def _mend_lock(path: Path) -> list[str]:
    # The last entry may be cut off where it still can be read.
    whole = "".join(_ENTRY.split(path.read_text(encoding="utf-8", errors="replace"))[:-1])
    stages = (_entries(_committed(path)) or {}) | (_entries(whole) or {})
    if stages:
        temporary = path.with_name(f"{path.name}.tmp")
        temporary.write_text(dumps_yaml({"schema": "2.0", "stages": stages}), encoding="utf-8")
        os.replace(temporary, path)
    else:
        path.unlink()
    return sorted(stages)


def _committed(path: Path) -> str:
    shown = subprocess.run(["git", "show", f"HEAD:./{path.name}"], cwd=path.parent, capture_output=True, text=True)
    return shown.stdout if shown.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main())
