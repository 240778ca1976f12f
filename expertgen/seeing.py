"""What a rig's cameras and a real arm tell: the observations of students, as camera_env makes them in simulation.

A robot's cameras have other lenses than those that a student was taught with. Their images are therefore sampled where
the student's pinhole would have looked, with its size and field of view, before anything is made of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from expertgen.camera_env import Seen
from expertgen.errors import InvalidParameter
from expertgen.geometry import rotation_to_6d
from expertgen.params import CloudParams
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import ArmState, Array, Frame, GripperState
from expertgen.seeds import generator
from expertgen.vision.cloud import camera_points, merged_cloud
from expertgen.vision.pinhole import Pinhole

_FLIP = np.array([1.0, -1.0, -1.0])  # vision has MuJoCo's cameras, along -z with y up; a calibration OpenCV's


class Calibration(Protocol):
    """Of one camera: base_T_color (4, 4), the colour camera (x right, y down, z ahead) in the base frame, m; and the
    intrinsics (3, 3), px, of the colour image that it was calibrated with."""

    @property
    def base_T_color(self) -> Array: ...

    @property
    def intrinsics(self) -> Array: ...


@dataclass(frozen=True)
class _View:
    """A camera as the student has it: its number among the student's, where it stands in MuJoCo's convention, its
    intrinsics."""

    index: int
    place: Array
    rotation: Array
    intrinsics: Array


@dataclass(frozen=True)
class _Sampled(Pinhole):
    """The student's pinhole, each ray moved to the middle of the pixel that was taken for it: half a pixel off, a table
    would rise above its height by millimetres, and into the cloud."""

    intrinsics: Array

    @cached_property
    def steps(self) -> tuple[Array, Array]:
        u, v = pixels(self.intrinsics, Pinhole(self.fovy, self.width, self.height))
        fx, fy, cx, cy = (self.intrinsics[i] for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
        return (u - cx) / fx, (v - cy) / fy


class Seeing:
    """Makes of frames, in any order, and of what arm and gripper tell the Seen of one robot, for a student that `sees`
    points or images and has the parameters `vision` (StudentPolicy.vision).

    serials: the student's camera names → serial numbers. calibrations: serial numbers → Calibration. seed: of the
    points that are taken from a cloud, together with a count of the calls since `reset`.
    Raises InvalidParameter for cameras that the student does not have, or lacks.
    """

    def __init__(
        self, vision: Mapping[str, Any], sees: str, serials: Mapping[str, str],
        calibrations: Mapping[str, Calibration], seed: int = 0,
    ) -> None:  # fmt: skip
        self.sees, self._seed, self._count = sees, seed, 0
        self.pinhole = Pinhole(float(vision["fovy"]), int(vision["width"]), int(vision["height"]))
        self._depths = tuple(vision["depth_range"])
        cloud = vision["cloud"]
        self._cloud = CloudParams(
            int(cloud["points"]), float(cloud["voxel"]), tuple(cloud["low"]), tuple(cloud["high"])
        )  # fmt: skip
        names = [camera["name"] for camera in vision["cameras"]]
        if sorted(names) != sorted(serials) or len(set(serials.values())) < len(names):
            raise InvalidParameter(
                f"the student sees by the cameras {', '.join(names)}, each with a serial number of its own; found: "
                f"{', '.join(f'{name}: {serial}' for name, serial in serials.items()) or 'none'}."
            )
        missing = [serial for serial in serials.values() if serial not in calibrations]
        if missing:
            raise InvalidParameter(
                f"camera {', '.join(missing)} is not calibrated. Calibrate it: expertgen robot calibrate."
            )
        self._views = {serials[name]: _view(index, calibrations[serials[name]]) for index, name in enumerate(names)}

    def reset(self, seed: int) -> None:
        """A new episode begins."""
        self._seed, self._count = seed, 0

    def __call__(self, frames: Sequence[Frame], arm: ArmState, gripper: GripperState | None) -> Seen:
        """Raises RobotFault for a camera that is missing."""
        by_serial = {frame.serial: frame for frame in frames}
        missing = self._views.keys() - by_serial.keys()
        if missing:
            raise RobotFault(f"no frame of camera {', '.join(sorted(missing))}.")
        self._count += 1
        told = self._points(by_serial) if self.sees == "points" else self._images(by_serial)
        return Seen(proprioception(arm, gripper), **{self.sees: torch.from_numpy(told[None])})

    def _points(self, frames: Mapping[str, Frame]) -> NDArray[np.float32]:
        low, high = self._depths
        clouds = []
        for serial, view in self._views.items():
            depth, _ = sample(frames[serial].depth, view.intrinsics, self.pinhole)
            depth = np.where((depth > low) & (depth < high), depth, 0).astype(np.float32)
            lens = _Sampled(self.pinhole.fovy, self.pinhole.width, self.pinhole.height, view.intrinsics)
            clouds.append(camera_points(depth, lens, view.place, view.rotation, self._cloud))
        return merged_cloud(clouds, self._cloud, generator("seeing", self._seed, self._count))

    def _images(self, frames: Mapping[str, Frame]) -> NDArray[np.uint8]:
        """(C, H, W, 3), in the student's order."""
        images = {view.index: shrunk(frames[serial].colour, view.intrinsics, self.pinhole)
                  for serial, view in self._views.items()}  # fmt: skip
        return np.stack([images[index] for index in sorted(images)])


def proprioception(arm: ArmState, gripper: GripperState | None) -> torch.Tensor:
    """(1, 17) float32 as CameraEnv's: joints, tool position, 6-D rotation, the gripper's width, 0 without one."""
    width = [gripper.width if gripper is not None else 0.0]
    told = np.concatenate([arm.joints, arm.position, rotation_to_6d(arm.rotation), width])
    return torch.from_numpy(told.astype(np.float32)[None])


def sample(image: NDArray[Any], intrinsics: Array, pinhole: Pinhole) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """What `image` (H, W, ...), of a camera with `intrinsics` (3, 3), shows nearest to each ray of `pinhole`, zero
    outside of it; and (height, width) whether it is inside.

    The nearest pixel and no mean, for between two depths there is nothing.
    """
    u, v = pixels(intrinsics, pinhole)
    inside = ((v >= 0) & (v < image.shape[0]))[:, None] & ((u >= 0) & (u < image.shape[1]))
    seen = image[np.clip(v, 0, image.shape[0] - 1)[:, None], np.clip(u, 0, image.shape[1] - 1)]
    return np.where(inside.reshape(inside.shape + (1,) * (image.ndim - 2)), seen, 0).astype(image.dtype), inside


def pixels(intrinsics: Array, pinhole: Pinhole) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """u (width,) and v (height,): the pixels nearest to the rays of `pinhole`, in an image or outside of it."""
    x, y = pinhole.steps
    u = np.rint(intrinsics[0, 0] * x + intrinsics[0, 2]).astype(np.int64)
    v = np.rint(intrinsics[1, 1] * y + intrinsics[1, 2]).astype(np.int64)
    return u, v


def shrunk(colour: NDArray[np.uint8], intrinsics: Array, pinhole: Pinhole) -> NDArray[np.uint8]:
    """(height, width, 3) of `pinhole`: the mean of the pixels (H, W, 3) that one of its own covers."""
    factor = max(1, round(float(intrinsics[1, 1]) / pinhole.focal))
    smooth = uniform_filter(colour, size=(factor, factor, 1), mode="nearest") if factor > 1 else colour
    return np.asarray(sample(smooth, intrinsics, pinhole)[0])


def _view(index: int, calibration: Calibration) -> _View:
    pose = np.asarray(calibration.base_T_color, dtype=np.float64)
    return _View(index, pose[:3, 3], pose[:3, :3] * _FLIP, np.asarray(calibration.intrinsics, dtype=np.float64))
