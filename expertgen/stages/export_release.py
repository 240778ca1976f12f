"""A release in the layout of another reader, and the check of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from expertgen.data.export.formats import FORMATS, format_of
from expertgen.data.export.source import ReleaseSource
from expertgen.data.export.target import ExportReport, require_free
from expertgen.stages.progress import Progress
from expertgen.workspace import Workspace


def run(workspace: Workspace, format_name: str, target: Path) -> None:
    """Write data/TASK/release into the folder `target` in the format of this name, and print what was checked.

    Raises InvalidParameter unless `target` is absent or empty, MissingInput for a release that is absent,
    CorruptArtifact, which lists what is wrong with it, CannotWrite.
    """
    release = workspace.data("release")
    require_free(target, release)
    with _watched("release verify: decoding", "images") as watch:
        source = ReleaseSource(release, watch)
    with _watched(f"export to {format_name}", "parts") as watch:
        report = FORMATS[format_name].write(source, target, watch)
    _tell(target, report)


def verify(target: Path) -> None:
    """Check the export in the folder `target`, whichever format it has, and print what was checked."""
    with _watched("export verify", "parts") as watch:
        report = format_of(target).verify(target, watch)
    _tell(target, report)


@contextmanager
def _watched(label: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A function that shows (done, total), as far as it is called."""
    bars: list[Progress] = []

    def watch(done: int, total: int) -> None:
        if not bars:
            bars.append(Progress(label, total, unit, 0))
        bars[0].update(done - bars[0].done)

    try:
        yield watch
    finally:
        for bar in bars:
            bar.close()


def _tell(target: Path, report: ExportReport) -> None:
    cameras = ", ".join(name.rpartition(".")[2] for name in report.cameras)
    print(f"{target} is sound:")
    print(f"  {report.files} files, {report.bytes / 2**20:.1f} MiB, as SHA256SUMS lists them")
    print(f"  {report.episodes} episodes, {report.frames} frames; totals, shapes, numbers and times agree")
    print(f"  {report.images} images of {len(report.cameras)} cameras ({cameras}): those that were released")
