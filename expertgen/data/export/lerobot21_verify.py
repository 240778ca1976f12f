"""Checking an export to LeRobot v2.1 on its own: without the release, and without LeRobot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from expertgen.data.export.lerobot21_images import video_problems
from expertgen.data.export.lerobot21_meta import info_problems, modality_problems, row_problems
from expertgen.data.export.lerobot21_opened import Export21
from expertgen.data.export.lerobot21_tables import statistics_problems, table_problems
from expertgen.data.export.target import ExportReport, Watch, report
from expertgen.data.lerobot import layout
from expertgen.data.lerobot.pictures import Pictures
from expertgen.data.lerobot.problems import require_none
from expertgen.data.lerobot.verify_files import sum_problems
from expertgen.errors import MissingInput


def verify_lerobot21(directory: Path, watch: Watch | None = None) -> ExportReport:
    """Check the export in `directory`: sums, layout, totals, times, images, statistics, GR00T's modality.json.
    `watch(done, total)` is told of images as they are decoded. Raises MissingInput when the directory is absent, and
    CorruptArtifact, which lists the problems."""
    return require_sound(directory, f"the export {directory}", watch)


def require_sound(directory: Path, what: str, watch: Watch | None = None) -> ExportReport:
    """`verify_lerobot21` with errors about `what`. Each check rests on those before it."""
    if not directory.is_dir():
        raise MissingInput(f"no export at {directory}: expected a folder with {layout.INFO} and {layout.SUMS}.")
    require_none(what, sum_problems(directory))
    require_none(what, _opening(directory))
    export = Export21(directory)
    for problems in (info_problems, row_problems, modality_problems):
        require_none(what, problems(export))
    values: list[dict[str, NDArray[Any]]] = []
    require_none(what, table_problems(export, values))
    pictures: dict[tuple[str, int], Pictures] = {}
    require_none(what, video_problems(export, pictures, watch or (lambda done, total: None)))
    require_none(what, statistics_problems(export, values, pictures))
    return report(directory, len(export.lengths), sum(export.lengths), export.video_keys)


def _opening(directory: Path) -> Iterator[str]:
    Export21(directory)
    yield from ()
