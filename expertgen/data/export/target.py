"""Where an export goes: a folder that is put in place whole, and never in the place of anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from expertgen.data.atomic import atomic_directory
from expertgen.data.hashing import sha256_sums, tree_sha256
from expertgen.data.lerobot.layout import SUMS
from expertgen.data.lerobot.verify_files import own_files
from expertgen.errors import InvalidParameter

Watch = Callable[[int, int], None]


@dataclass(frozen=True)
class ExportReport:
    """What was checked of an export: `images` of all `cameras` together, `bytes` the size of all `files`."""

    episodes: int
    frames: int
    cameras: tuple[str, ...]
    images: int
    files: int
    bytes: int


def report(root: Path, episodes: int, frames: int, cameras: list[str]) -> ExportReport:
    """Of the export in `root`, which is sound."""
    files = [root / name for name in own_files(root)]
    size = sum(file.stat().st_size for file in files)
    return ExportReport(episodes, frames, tuple(cameras), frames * len(cameras), len(files), size)


@contextmanager
def new_export(target: Path, release: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target` that becomes it when the block ends without an error; `write_sums` ends
    the writing. Raises InvalidParameter unless `target` is free (see `require_free`), CannotWrite on a full disk."""
    require_free(target, release)
    with atomic_directory(target) as root:
        yield root
        require_free(target, release)  # somebody may have put something there meanwhile


def write_sums(root: Path) -> None:
    """Write SHA256SUMS of all files of `root`."""
    (root / SUMS).write_text(sha256_sums(tree_sha256(root)), encoding="utf-8")


def require_free(target: Path, release: Path) -> None:
    """Raises InvalidParameter unless `target` is absent or an empty folder, and outside of `release`."""
    if target.exists() and not target.is_dir():
        raise InvalidParameter(f"{target} is a file; an export is a folder: name one that does not exist yet.")
    if target.is_dir() and any(target.iterdir()):
        raise InvalidParameter(
            f"{target} exists already and is not empty; an export replaces nothing. Name another folder, or remove it."
        )
    if target.resolve().is_relative_to(release.resolve()):
        raise InvalidParameter(f"{target} lies in the release {release} itself; name a folder outside of it.")
