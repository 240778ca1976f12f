"""Checking a release on its own: without its source, and without LeRobot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from expertgen.data.lerobot import layout
from expertgen.data.lerobot.pictures import Pictures
from expertgen.data.lerobot.problems import require_none
from expertgen.data.lerobot.release import Release
from expertgen.data.lerobot.verify_files import sum_problems
from expertgen.data.lerobot.verify_meta import info_problems, meta_problems
from expertgen.data.lerobot.verify_statistics import statistics_problems
from expertgen.data.lerobot.verify_tables import episode_problems, layout_problems, step_problems
from expertgen.data.lerobot.verify_videos import video_problems
from expertgen.errors import MissingInput

Watch = Callable[[int, int], None]


@dataclass(frozen=True)
class VerifyReport:
    """What was checked: `images` are decoded frames of all `cameras` together, `bytes` the size of all `files`."""

    episodes: int
    frames: int
    successes: int
    cameras: tuple[str, ...]
    images: int
    files: int
    bytes: int


def verify_release(directory: Path, watch: Watch | None = None) -> VerifyReport:
    """Check the release in `directory`: sums, layout, totals, timestamps against frames, images, statistics.

    The images of every episode are decoded and compared with what the release recorded of them when it was written,
    so a video is known by what it shows and not by its checksum alone. `watch(done, total)` is told of images as they
    are decoded. Raises MissingInput when the directory is absent, and CorruptArtifact, which lists the problems.
    """
    return require_sound(directory, f"the release {directory}", watch)


def require_sound(directory: Path, what: str, watch: Watch | None = None) -> VerifyReport:
    """`verify_release` with errors about `what`. Each check rests on those before it."""
    if not directory.is_dir():
        raise MissingInput(f"no release at {directory}: expected a directory with {layout.INFO} and {layout.SUMS}.")
    require_none(what, sum_problems(directory))
    require_none(what, info_problems(directory))
    release = Release(directory)
    for problems in (meta_problems, episode_problems, layout_problems, step_problems):
        require_none(what, problems(release))
    pictures: dict[tuple[str, int], Pictures] = {}
    require_none(what, video_problems(release, pictures, watch or (lambda done, total: None)))
    require_none(what, statistics_problems(release, pictures))
    files = [directory / name for name in release.file_names()]
    return VerifyReport(
        episodes=len(release.lengths), frames=int(release.lengths.sum()), successes=sum(release.column("success")),
        cameras=tuple(release.video_keys), images=int(release.lengths.sum()) * len(release.video_keys),
        files=len(files), bytes=sum(file.stat().st_size for file in files),
    )  # fmt: skip
