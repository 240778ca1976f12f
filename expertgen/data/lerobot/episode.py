"""What a release is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.errors import IncompatibleArtifact, InvalidParameter


@dataclass(frozen=True)
class ReleaseEpisode:
    """One episode of T control steps, T >= 1. Row t of `observation` (T, 53) float32, of `joints` (T, 7) float32 rad
    and of every camera's `images` (T, H, W, 3) uint8 RGB is what was there before `action` (T, 10) float32 was carried
    out; `success` (T,) bool is what it came to. `seed` names the start. `source` is plain JSON that says where the
    episode comes from: at least {"store": name, "episode": index in it}."""

    observation: NDArray[np.float32]
    action: NDArray[np.float32]
    joints: NDArray[np.float32]
    success: NDArray[np.bool_]
    seed: int
    source: dict[str, Any]
    images: dict[str, NDArray[np.uint8]]

    def __len__(self) -> int:
        return len(self.observation)


@dataclass(frozen=True)
class ReleaseInfo:
    """What all episodes of a release share.

    `fps` is control steps per second, `cameras` names each camera's (width, height) in px, both even; `lineage` holds
    the SHA-256 of each artifact by name (expert, prior, demos, rollouts) and under "provenance" a dict of plain JSON;
    `made` says in a sentence or two how the episodes were made. A data or video file is closed once it has reached
    its size in MB (2**20 bytes).
    """

    task: str
    instruction: str
    robot_type: str
    fps: int
    cameras: Mapping[str, tuple[int, int]]
    license: str
    observation_names: Sequence[str]
    action_names: Sequence[str]
    success_definition: str
    lineage: Mapping[str, Any]
    joint_names: Sequence[str] = tuple(f"joint_{number}" for number in range(1, 8))
    made: str = ""
    data_files_size_in_mb: float = 100
    video_files_size_in_mb: float = 200
    chunks_size: int = 1000  # files in a folder

    def checksums(self) -> dict[str, str]:
        """SHA-256 of each artifact in the lineage, by name, sorted."""
        return {name: value for name, value in sorted(self.lineage.items()) if name != "provenance"}


def check_info(info: ReleaseInfo) -> None:
    """Raises InvalidParameter for what a release cannot hold."""
    if info.fps < 1 or int(info.fps) != info.fps:
        raise InvalidParameter(f"fps: found {info.fps}, expected a whole number >= 1")
    if not info.cameras:
        raise InvalidParameter("cameras: found none, expected at least one")
    for camera, (width, height) in info.cameras.items():
        if not camera.replace("_", "").isalnum():
            raise InvalidParameter(f"camera {camera!r}: expected letters, digits and underscores")
        if width < 2 or height < 2 or width % 2 or height % 2:
            raise InvalidParameter(
                f"camera {camera}: found {width} x {height} px, expected even numbers, which H.264 in yuv420p needs"
            )
    if not isinstance(info.lineage.get("provenance"), dict):
        raise InvalidParameter("lineage: found no provenance, expected a dict under that name")
    for name, checksum in info.checksums().items():
        if not isinstance(checksum, str):
            raise InvalidParameter(f"lineage of {name}: found {checksum!r}, expected a SHA-256 as a string")


def check_episode(episode: ReleaseEpisode, info: ReleaseInfo, number: int) -> None:
    """Raises IncompatibleArtifact, naming the episode, for arrays of other shapes or types than `info` says, and for
    values that are not finite."""
    where, length = f"episode {number} ({episode.source})", len(episode)
    if not {"store", "episode"} <= episode.source.keys():
        raise IncompatibleArtifact(f"{where}: its source has to name the store and the episode in it")
    if length == 0:
        raise IncompatibleArtifact(f"{where} has no steps; leave it out")
    expected: dict[str, tuple[Any, type, tuple[int, ...]]] = {
        "observation": (episode.observation, np.float32, (length, len(info.observation_names))),
        "action": (episode.action, np.float32, (length, len(info.action_names))),
        "joints": (episode.joints, np.float32, (length, len(info.joint_names))),
        "success": (episode.success, np.bool_, (length,)),
    }
    for camera, (width, height) in info.cameras.items():
        expected[f"images of {camera}"] = (episode.images.get(camera), np.uint8, (length, height, width, 3))
    for name, (array, dtype, shape) in expected.items():
        found = None if array is None else (array.dtype.name, array.shape)
        if found != (np.dtype(dtype).name, shape):
            raise IncompatibleArtifact(f"{where}: {name} is {found}, expected {(np.dtype(dtype).name, shape)}")
        if dtype is np.float32 and not np.isfinite(array).all():
            raise IncompatibleArtifact(
                f"{where}: {name} holds NaN or infinity. Leave episodes out whose simulation failed."
            )
    if episode.images.keys() != info.cameras.keys():
        raise IncompatibleArtifact(f"{where}: found cameras {sorted(episode.images)}, expected {sorted(info.cameras)}")
