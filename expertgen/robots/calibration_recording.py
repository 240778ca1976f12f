"""A recording: what the cameras saw and where the arm was, view by view, so that a calibration can be solved again.

A folder with `recording.json` (cameras, board) and for each view a file `view_000.json`, written last, beside the
pictures `view_000_SERIAL.png` and depths `view_000_SERIAL_depth.png` (16 bit, 0.1 mm). What is there stays there: views
are added, never replaced.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from expertgen.data.atomic import atomic_write_bytes, atomic_write_json
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.params import BoardParams
from expertgen.params.checks import Problems, check
from expertgen.robots.calibration_transforms import is_pose, pose
from expertgen.robots.robot import ArmState, Frame

Array = NDArray[np.float64]
_DEPTH_STEP = 1e-4  # m


@dataclass(frozen=True)
class RecordedCamera:
    """`intrinsics` (3, 3) px of a colour image of `size` (width, height); depth_T_color (4, 4) m."""

    intrinsics: Array
    size: tuple[int, int]
    depth_T_color: Array


@dataclass(frozen=True)
class RecordedView:
    """base_T_tool (4, 4), joints (7,) rad, and the serials of the cameras that took a picture."""

    number: int
    base_T_tool: Array
    joints: Array
    serials: tuple[str, ...]


class Recording:
    """The recording in `folder`, which `start_recording` made. Raises MissingInput, CorruptArtifact."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "recording.json").is_file():
            raise MissingInput(
                f"{folder / 'recording.json'} does not exist: expected a folder made by `expertgen robot calibrate "
                f"record {folder}`."
            )
        value = _json(folder / "recording.json")
        problems = Problems(str(folder / "recording.json"))
        self.board: BoardParams = check(value.get("board"), BoardParams, "board", problems)
        if problems.lines or not isinstance(value.get("cameras"), dict) or not isinstance(value.get("time"), str):
            raise CorruptArtifact(f"{problems.message()}\nexpected time, board and cameras; record again.")
        self.time: str = value["time"]
        self.cameras = {serial: _camera(folder, serial, entry) for serial, entry in value["cameras"].items()}

    def views(self) -> list[RecordedView]:
        """All whole views, in the order they were taken."""
        return [_view(path) for path in sorted(self.folder.glob("view_[0-9][0-9][0-9].json"))]

    def picture(self, view: RecordedView, serial: str) -> NDArray[np.uint8]:
        """(H, W, 3) colour."""
        return np.asarray(self._open(view, serial, "").convert("RGB"))

    def depth(self, view: RecordedView, serial: str) -> NDArray[np.float32]:
        """(H, W) m, 0 where there is none."""
        return np.asarray(self._open(view, serial, "_depth"), dtype=np.float32) * np.float32(_DEPTH_STEP)

    def add(self, state: ArmState, frames: list[Frame]) -> RecordedView:
        """Write one more view, its own file last, so that a view is whole or not there. Raises CannotWrite."""
        number = 1 + max((view.number for view in self.views()), default=-1)
        for frame in frames:
            depth = np.clip(np.rint(frame.depth / _DEPTH_STEP), 0, 65535).astype(np.uint16)
            atomic_write_bytes(self._picture(number, frame.serial, ""), _png(frame.colour))
            atomic_write_bytes(self._picture(number, frame.serial, "_depth"), _png(depth))
        view = RecordedView(
            number, pose(state.rotation, state.position), np.asarray(state.joints), tuple(f.serial for f in frames)
        )
        atomic_write_json(
            self.folder / f"view_{number:03}.json",
            {
                "number": number, "base_T_tool": view.base_T_tool.tolist(), "joints": view.joints.tolist(),
                "arm_time": state.time, "frames": {f.serial: {"time": f.time, "number": f.number} for f in frames},
            },
        )  # fmt: skip
        return view

    def _picture(self, number: int, serial: str, what: str) -> Path:
        return self.folder / f"view_{number:03}_{serial}{what}.png"

    def _open(self, view: RecordedView, serial: str, what: str) -> Image.Image:
        path = self._picture(view.number, serial, what)
        try:
            image = Image.open(path)
            image.load()
        except FileNotFoundError:
            raise MissingInput(f"{path} does not exist: leave the view out (--without {view.number}).") from None
        except (OSError, SyntaxError) as error:
            raise CorruptArtifact(f"{path}: {error}; leave the view out (--without {view.number}).") from None
        if image.size != self.cameras[serial].size:
            raise CorruptArtifact(f"{path}: found {image.size} px, expected {self.cameras[serial].size}.")
        return image


def start_recording(folder: Path, time: str, board: BoardParams, cameras: dict[str, RecordedCamera]) -> Recording:
    """A new recording in `folder`, or the one there, to which views are added.

    Raises IncompatibleArtifact where that is of another board or of other cameras, whose views cannot be joined.
    """
    if (folder / "recording.json").exists():
        found = Recording(folder)
        same = found.board == board and found.cameras.keys() == cameras.keys() and all(
            np.allclose(found.cameras[s].intrinsics, cameras[s].intrinsics, atol=0.01) for s in cameras
        )
        if not same:
            raise IncompatibleArtifact(
                f"{folder} holds views of {found.board} by {sorted(found.cameras)}, which differ from this board, "
                f"these cameras ({sorted(cameras)}) or their intrinsics: record into another folder."
            )
        return found
    entries = {
        serial: {"intrinsics": camera.intrinsics.tolist(), "size": list(camera.size),
                 "depth_T_color": camera.depth_T_color.tolist()}
        for serial, camera in cameras.items()
    }  # fmt: skip
    atomic_write_json(folder / "recording.json", {"time": time, "board": asdict(board), "cameras": entries})
    return Recording(folder)


def _camera(folder: Path, serial: str, entry: Any) -> RecordedCamera:
    try:
        width, height = entry["size"]
        camera = RecordedCamera(np.array(entry["intrinsics"], float), (width, height),
                                np.array(entry["depth_T_color"], float))  # fmt: skip
        depth_T_color = camera.depth_T_color
        sound = camera.intrinsics.shape == (3, 3) and depth_T_color.shape == (4, 4) and is_pose(depth_T_color)
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        raise CorruptArtifact(f"{folder / 'recording.json'}: cameras.{serial} is damaged; record again.")
    return camera


def _view(path: Path) -> RecordedView:
    value = _json(path)
    try:
        view = RecordedView(int(value["number"]), np.array(value["base_T_tool"], float),
                            np.array(value["joints"], float), tuple(value["frames"]))  # fmt: skip
        sound = view.base_T_tool.shape == (4, 4) and is_pose(view.base_T_tool) and view.joints.shape == (7,)
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        raise CorruptArtifact(f"{path}: no view; remove this file, and its view is left out.")
    return view


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise CorruptArtifact(f"{path}: found no JSON ({error}); remove it, or record again.") from None
    if not isinstance(value, dict):
        raise CorruptArtifact(f"{path}: found no mapping; remove it, or record again.")
    return value


def _png(pixels: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=3)
    return stream.getvalue()
