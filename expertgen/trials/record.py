"""The record of one trial: what was observed before each control step, what was sent, what the safety filter said."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.data.atomic import atomic_directory, atomic_write_json
from expertgen.data.hashing import path_sha256
from expertgen.data.json_file import read_json
from expertgen.data.lerobot.video import VideoFile
from expertgen.data.shard import write_shard
from expertgen.data.shard_reader import ShardReader
from expertgen.errors import CorruptArtifact

_STEPS, _TEXTS = "record.zarr", "record.json"
_IMAGE, _FRAME_TIME = "image_", "frame_time_"


@dataclass(frozen=True)
class Decision:
    """What the safety filter decided on control step `step` at `time` (s, the robot's clock): `check` that decided,
    `verdict` (such as clamped, held, stopped), `detail` in words. What passed untouched needs no decision."""

    step: int
    time: float
    check: str
    verdict: str
    detail: str = ""


@dataclass(frozen=True)
class TrialRecord:
    """A trial of T >= 1 control steps. Before each: times (T,) s of the robot's clock, proprioception (T, 17) as in
    camera_env.Seen, frames (T, H, W, 3) uint8 RGB by camera and frame_times (T,) s when they were taken. Then asked
    (T, 10) of the policy, sent (T, 10) really, both absolute tool poses and gripper as in env.

    clock: simulation, emulation or wall. ended: why, in words. fault: what the robot broke down with, "" if it did not.
    success (T,): the task's own measure after each step, None where nothing can tell. points (T, N, 3) float16 m: the
    clouds that a student was shown or would have been, None without one that sees them; vision: what frames and points
    were made by, as StudentPolicy.vision, empty where that is not known.
    """

    control_hz: float
    clock: str
    times: NDArray[np.float64]
    proprioception: NDArray[np.float32]
    asked: NDArray[np.float32]
    sent: NDArray[np.float32]
    frames: Mapping[str, NDArray[np.uint8]]
    frame_times: Mapping[str, NDArray[np.float64]]
    ended: str
    decisions: tuple[Decision, ...] = ()
    fault: str = ""
    success: NDArray[np.bool_] | None = field(default=None)
    points: NDArray[np.float16] | None = field(default=None)
    vision: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seconds(self) -> float:
        """From the first observation to the end of the last control step."""
        return float(self.times[-1] - self.times[0] + 1 / self.control_hz)


def write_record(folder: Path, record: TrialRecord) -> str:
    """Write `record` and a video of each camera as the folder `folder`, whole or not at all; its SHA-256.

    Raises CannotWrite, and ValueError for arrays of other shapes than a record has.
    """
    steps = {name: getattr(record, name) for name in ("times", "proprioception", "asked", "sent")}
    steps |= {_IMAGE + camera: frames for camera, frames in record.frames.items()}
    steps |= {_FRAME_TIME + camera: times for camera, times in record.frame_times.items()}
    steps |= {name: value for name in ("success", "points") if (value := getattr(record, name)) is not None}
    texts: dict[str, Any] = {name: getattr(record, name) for name in ("control_hz", "clock", "ended", "fault")}
    decisions = [dataclasses.asdict(decision) for decision in record.decisions]
    with atomic_directory(folder) as fresh:
        write_shard(fresh / _STEPS, steps, {"length": np.array([len(record)])}, np.array([len(record)]))
        atomic_write_json(fresh / _TEXTS, texts | {"vision": dict(record.vision), "decisions": decisions})
        for camera, frames in record.frames.items():
            _write_video(fresh / f"{camera}.mp4", frames, record.control_hz)
    return path_sha256(folder)


def read_record(folder: Path) -> TrialRecord:
    """What `write_record` was given. Raises CorruptArtifact for anything else, also for a folder that is not there."""
    texts: dict[str, Any] | None = read_json(folder / _TEXTS)
    if texts is None:
        raise CorruptArtifact(f"no record of a trial at {folder}. Fetch it again, such as with `dvc checkout`.")
    shard = ShardReader.open(folder / _STEPS)
    arrays = {name: shard.read_steps(name) for name in shard.steps}
    try:
        return TrialRecord(
            times=arrays["times"], proprioception=arrays["proprioception"], asked=arrays["asked"], sent=arrays["sent"],
            control_hz=texts["control_hz"], clock=texts["clock"], ended=texts["ended"], fault=texts["fault"],
            frames=_named(arrays, _IMAGE), frame_times=_named(arrays, _FRAME_TIME),
            decisions=tuple(Decision(**decision) for decision in texts["decisions"]), success=arrays.get("success"),
            points=arrays.get("points"), vision=texts.get("vision", {}),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise CorruptArtifact(f"{folder} is no record of a trial ({type(error).__name__}: {error}).") from error


def _named(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _write_video(path: Path, frames: NDArray[np.uint8], control_hz: float) -> None:
    """Of even sides, which the format needs: a last odd row or column is left out."""
    height, width = (side - side % 2 for side in frames.shape[1:3])
    video = VideoFile(path, (width, height), max(1, round(control_hz)))
    try:
        for _ in video.append(frames[:, :height, :width]):
            pass
        video.close()
    except BaseException:
        video.discard()
        raise
