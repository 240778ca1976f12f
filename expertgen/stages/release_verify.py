"""`expertgen release verify PATH`: check a release, wherever it comes from."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from expertgen.data.lerobot.verify import VerifyReport, verify_release
from expertgen.metrics.wilson import Rate
from expertgen.stages.progress import Progress, progress


def verify(path: Path) -> None:
    """Check the release in the directory `path` and print what was checked.

    Raises MissingInput when it is absent, and CorruptArtifact, which lists what is wrong with it.
    """
    with ExitStack() as shown:
        bars: list[Progress] = []

        def watch(done: int, total: int) -> None:
            if not bars:
                bars.append(shown.enter_context(progress("release verify: decoding", total, "images")))
            bars[0].update(done - bars[0].done)

        report = verify_release(path, watch)
    tell(path, report)


def tell(path: Path, report: VerifyReport) -> None:
    """Print what was checked of the release in the directory `path`, which is sound."""
    cameras = ", ".join(name.rpartition(".")[2] for name in report.cameras)
    print(f"{path} is sound:")
    print(f"  {report.files} files, {report.bytes / 2**20:.1f} MiB, as SHA256SUMS lists them")
    print(f"  {report.episodes} episodes, {report.frames} frames; totals, numbers and timestamps agree")
    print(f"  {report.images} images of {len(report.cameras)} cameras ({cameras}) decoded: those that were released")
    print("  statistics are those of the values and images")
    print(f"  success in {report.successes} of {report.episodes} episodes: {Rate(report.successes, report.episodes)}")
