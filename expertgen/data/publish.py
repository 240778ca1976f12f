"""Several files of a report that belong together: all of them replaced, or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from expertgen.data.atomic import atomic_directory
from expertgen.data.write_errors import report_write_errors


@contextmanager
def publication(folder: Path, stage: str) -> Iterator[Path]:
    """Yield an empty folder whose files and folders take their places in `folder` when the block ends without an error.

    All of it is written and flushed on the disk of `folder` before anything there is touched, and is then put in place
    even if the process is killed: what a kill left undone is done by the next `publication` or `complete`. `stage`
    keeps stages apart that publish in one folder; each holds a lock of its own. Raises CannotWrite on a full disk;
    what stood in `folder` then stands.
    """
    complete(folder, stage)
    with atomic_directory(_staged(folder, stage)) as staged:
        yield staged
    complete(folder, stage)


def complete(folder: Path, stage: str) -> None:
    """Put in place what a killed `publication` had written whole. Raises CannotWrite."""
    staged = _staged(folder, stage)
    if not staged.is_dir():
        return
    with report_write_errors(folder):
        for path in sorted(staged.iterdir()):
            target = folder / path.name
            if path.is_dir() and target.is_dir():
                shutil.rmtree(target)
            os.replace(path, target)
        staged.rmdir()


def _staged(folder: Path, stage: str) -> Path:
    return folder / f".{stage}.publication.tmp"  # git leaves out *.tmp
