"""Where the project is."""

from __future__ import annotations

from pathlib import Path

from tasks.errors import NoProject

_REPOSITORY = Path(__file__).resolve().parents[1]


def project_root(start: Path | None = None) -> Path:
    """The folder of the DVC project: the nearest at or above `start`, or else the repository of this package.

    `start` is the working directory by default. A Prefect worker runs flows in a folder of its own, hence the second
    place. Raises NoProject.
    """
    start = Path.cwd() if start is None else start.resolve()
    for folder in (start, *start.parents, _REPOSITORY):
        if (folder / "dvc.yaml").is_file() and (folder / ".dvc").is_dir():
            return folder
    raise NoProject(
        f"no DVC project (a folder with dvc.yaml and .dvc) at {start}, above it, or at {_REPOSITORY}; "
        "start this from the project's folder."
    )
