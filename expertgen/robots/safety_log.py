"""Decisions as plain values, which JSON can hold whatever a policy put out, and a file that they are appended to."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import IO, Any

import numpy as np

from expertgen.robots.safety_data import Decision, Given

Log = Callable[[dict[str, Any]], None]
_SHOWN = 64  # numbers of an array, letters of a text


def plain(value: object) -> Any:
    """`value` in JSON's own types. NaN and infinity become words; what is too long or unknown is described."""
    if value is None or (isinstance(value, bool | int) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, np.ndarray):
        if value.size > _SHOWN or value.dtype.kind not in "fiub":
            return f"array of shape {value.shape}, {value.dtype}"
        return plain(value.tolist())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value[:_SHOWN]]
    if isinstance(value, np.generic):
        return plain(value.item())
    return value[:_SHOWN] if isinstance(value, str) else f"a {type(value).__name__}"


def record(given: Given, decision: Decision) -> dict[str, Any]:
    """A decision with all that it depended on."""
    return {"event": "decision", **plain(decision), "given": plain(given), "why": decision.why}


class JsonLines:
    """A log in a file, one JSON object a line, each on the disk's way before the next motion. Close it, or use it as a
    context. What an ended process has written stays: the file is only ever appended to."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = open(path, "a", encoding="utf-8")  # noqa: SIM115

    def __call__(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry, allow_nan=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
