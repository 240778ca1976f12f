"""One camera's calibration as a file, calibration/SERIAL.json: written whole or not at all, read strictly."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.data.atomic import atomic_write_json
from expertgen.data.json_text import compact_json
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.params import BoardParams, CalibrationParams
from expertgen.params.checks import Problems, check
from expertgen.robots.calibration_transforms import is_pose

Array = NDArray[np.float64]
_FORMAT = 1
_AGAIN = "record views and solve again: expertgen robot calibrate record FOLDER, then solve FOLDER"
_MATRICES = {"base_T_color": (4, 4), "tool_T_board": (4, 4), "depth_T_color": (4, 4), "intrinsics": (3, 3)}
_AHEAD = timedelta(minutes=10)  # by which the clocks of two machines may differ


@dataclass(frozen=True)
class Residuals:
    """Root mean squares over held-out views: reprojection in px, of the worst view too, and how far they put the
    board from its place in the hand, in mm and deg; the standard deviation to expect of the camera's place, in mm, and
    of its turn, in deg."""

    held_out_px: float
    worst_view_px: float
    board_mm: float
    board_deg: float
    expected_mm: float
    expected_deg: float


@dataclass(frozen=True)
class Calibration:
    """Where the camera `serial` stood at `time` (UTC): base_T_color, and depth_T_color from its colour to its depth
    camera (4, 4 each, m); `intrinsics` (3, 3) px of its colour image of `width` x `height`; tool_T_board (4, 4): where
    the board sat in the hand; `method`, `views` and `residuals`: how that was found, from which `recording`."""

    serial: str
    time: datetime
    base_T_color: Array
    intrinsics: Array
    width: int
    height: int
    depth_T_color: Array
    tool_T_board: Array
    method: str
    views: int
    residuals: Residuals
    board: BoardParams
    recording: str


@dataclass(frozen=True)
class _Written:
    """What the file says besides its matrices."""

    format: int
    serial: str
    time: str
    width: int
    height: int
    method: str
    views: int
    residuals: Residuals
    board: BoardParams
    recording: str
    sha256: str


def calibration_path(folder: Path, serial: str) -> Path:
    """Where the calibration of `serial` lies. Raises InvalidParameter for what is no serial number."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", serial):
        raise InvalidParameter(f"camera: found {serial[:80]!r}, expected a serial number: letters, digits, - and _.")
    return folder / f"{serial}.json"


def write_calibration(folder: Path, calibration: Calibration) -> Path:
    """Write it as folder/SERIAL.json, in the place of an earlier one, which stands until then. Raises CannotWrite."""
    path = calibration_path(folder, calibration.serial)
    value: dict[str, Any] = asdict(calibration) | {"format": _FORMAT}
    value["time"] = calibration.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    value |= {name: np.asarray(getattr(calibration, name)).tolist() for name in _MATRICES}
    atomic_write_json(path, value | {"sha256": _sum(value)})
    return path


def read_calibration(
    folder: Path, serial: str, params: CalibrationParams, intrinsics: Array | None = None, now: datetime | None = None
) -> Calibration:
    """The calibration of the camera `serial`, fit for use `now` and, if they are given, with the `intrinsics` (3, 3)
    that the camera has now.

    Raises MissingInput where there is none, CorruptArtifact where it is damaged, IncompatibleArtifact where it is of
    another camera, of another image size or lens setting, or older than `params.max_age`.
    """
    path = calibration_path(folder, serial)
    found = _parsed(path)
    if found.serial != serial:
        raise IncompatibleArtifact(
            f"{path}: found the calibration of camera {found.serial}, expected that of {serial}. Each camera needs its "
            f"own; put the file back under its own name, and {_AGAIN}."
        )
    _refuse_age(path, found.time, params.max_age, now or datetime.now(UTC))
    if intrinsics is not None and np.abs(found.intrinsics - intrinsics).max() > 0.01:
        old, new = (np.round(m[[0, 1, 0, 1], [0, 1, 2, 2]], 2).tolist() for m in (found.intrinsics, intrinsics))
        raise IncompatibleArtifact(
            f"{path}: made with intrinsics {old}, but camera {serial} now has {new} (fx, fy, cx, cy; px). Open it in "
            f"the size it was calibrated in, {found.width} x {found.height}, or {_AGAIN}."
        )
    return found


def _refuse_age(path: Path, time: datetime, max_age: float, now: datetime) -> None:
    age = now - time
    if age < -_AHEAD:
        raise IncompatibleArtifact(
            f"{path}: made at {time:%Y-%m-%d %H:%M} UTC, but it is only {now:%Y-%m-%d %H:%M} UTC: set this machine's "
            f"clock, or {_AGAIN}."
        )
    if age > timedelta(days=max_age):
        raise IncompatibleArtifact(
            f"{path}: made {age / timedelta(days=1):.1f} days ago, expected {max_age:g} or less "
            f"(calibration.max_age); {_AGAIN}."
        )


def _parsed(path: Path) -> Calibration:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise MissingInput(f"{path} does not exist: this camera has not been calibrated; {_AGAIN}.") from None
    except ValueError as error:
        raise CorruptArtifact(f"{path}: found no JSON ({error}); {_AGAIN}.") from None
    if not isinstance(value, dict):
        raise CorruptArtifact(f"{path}: found no mapping; {_AGAIN}.")
    problems = Problems(str(path))
    matrices = {name: _matrix(value, name, shape, problems) for name, shape in _MATRICES.items()}
    plain = {name: entry for name, entry in value.items() if name not in _MATRICES}
    written: _Written = check(plain, _Written, "", problems)
    if problems.lines:
        raise CorruptArtifact(f"{problems.message()}\n{_AGAIN}.")
    if written.format != _FORMAT:
        raise IncompatibleArtifact(f"{path}: found format {written.format}, expected {_FORMAT}; {_AGAIN}.")
    if written.sha256 != _sum({name: entry for name, entry in value.items() if name != "sha256"}):
        raise CorruptArtifact(f"{path}: its values are not those that were written (sha256); {_AGAIN}.")
    try:
        time = datetime.strptime(written.time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise CorruptArtifact(f"{path}: time: found {written.time[:40]!r}, expected 2026-01-31T12:00:00Z.") from None
    return Calibration(
        serial=written.serial, time=time, width=written.width, height=written.height, method=written.method,
        views=written.views, residuals=written.residuals, board=written.board, recording=written.recording, **matrices,
    )  # fmt: skip


def _matrix(value: dict[str, Any], name: str, shape: tuple[int, int], problems: Problems) -> Array:
    expected = f"{shape[0]} rows of {shape[1]} numbers"
    try:
        matrix = np.array(value.get(name), dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.shape != shape or not np.isfinite(matrix).all():
        problems.add(name, "something else" if name in value else "nothing", expected)
    elif shape == (4, 4) and not is_pose(matrix):
        problems.add(name, "no rotation and position", "a pose")
    elif shape == (3, 3) and not (matrix[0, 0] > 0 and matrix[1, 1] > 0 and np.array_equal(matrix[2], [0, 0, 1])):
        problems.add(name, "no intrinsics", "[[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in px")
    return matrix


def _sum(value: dict[str, Any]) -> str:
    return hashlib.sha256(compact_json(value).encode("utf-8")).hexdigest()
