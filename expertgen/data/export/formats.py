"""The formats that a release is exported to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from expertgen.data.export.lerobot21 import write_lerobot21
from expertgen.data.export.lerobot21_verify import verify_lerobot21
from expertgen.data.export.robomimic import write_robomimic
from expertgen.data.export.robomimic_layout import FILE
from expertgen.data.export.robomimic_verify import verify_robomimic
from expertgen.data.export.source import ReleaseSource
from expertgen.data.export.target import ExportReport, Watch
from expertgen.data.lerobot.layout import INFO
from expertgen.errors import MissingInput


class Format(NamedTuple):
    """How an export is written into a folder and checked there; `marker` is a file that only this format has."""

    write: Callable[[ReleaseSource, Path, Watch | None], ExportReport]
    verify: Callable[[Path, Watch | None], ExportReport]
    marker: str


FORMATS = {
    "lerobot-v2.1": Format(write_lerobot21, verify_lerobot21, INFO),
    "robomimic": Format(write_robomimic, verify_robomimic, FILE),
}


def format_of(directory: Path) -> Format:
    """The format of the export in `directory`. Raises MissingInput when there is none."""
    for of in FORMATS.values():
        if (directory / of.marker).is_file():
            return of
    markers = " or ".join(of.marker for of in FORMATS.values())
    raise MissingInput(f"no export at {directory}: expected a folder with {markers}.")
