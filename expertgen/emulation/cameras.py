"""RealSense cameras without hardware: devices of librealsense's own making, fed with arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyrealsense2 as rs
from numpy.typing import NDArray

_UNITS = 0.001  # m, of a depth of one, as a D435i has it


@dataclass(frozen=True)
class Optics:
    """Size in px and intrinsics (3, 3) of the colour image, whose first pixel's centre is at (0, 0); the depth image's
    if they differ, and where the depth camera stands in the colour camera's frame: colour_T_depth (4, 4), m."""

    colour_size: tuple[int, int]
    colour: NDArray[np.float64]
    depth_size: tuple[int, int] | None = None
    depth: NDArray[np.float64] | None = None
    colour_T_depth: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))


class EmulatedCamera:
    """`device` is what a driver takes for a camera with this serial number. Show it a picture for it to have a frame.

    lost: pictures that are shown do not come through any more, as with a pulled cable.
    """

    def __init__(self, serial: str, optics: Optics, rate: int = 30) -> None:
        self.serial, self.optics, self.lost = serial, optics, False
        self._rate, self._number = rate, 0
        self.device = rs.software_device()
        self.device.register_info(rs.camera_info.serial_number, serial)
        self.device.register_info(rs.camera_info.name, "emulated camera")
        size, matrix = optics.depth_size or optics.colour_size, optics.colour if optics.depth is None else optics.depth
        self._depth, depth = self._sensor("Stereo Module", rs.stream.depth, 0, size, matrix, 2, rs.format.z16)
        self._colour, colour = self._sensor("RGB Camera", rs.stream.color, 1, optics.colour_size, optics.colour, 3,
                                            rs.format.rgb8)  # fmt: skip
        self._depth.add_read_only_option(rs.option.depth_units, _UNITS)
        self._depth_profile, self._colour_profile = depth, colour
        depth.register_extrinsics_to(colour, _extrinsics(optics.colour_T_depth))
        self.device.create_matcher(rs.matchers.default)

    def show(
        self, colour: NDArray[np.uint8], depth: NDArray[np.float32], time: float, number: int | None = None
    ) -> None:
        """Give out colour (H, W, 3) and depth (H, W) m, 0 or inf where there is none, taken at `time` s; `number`, if
        given, instead of the next one."""
        self._number = self._number + 1 if number is None else number
        if self.lost:
            return
        steps = np.where(np.isfinite(depth), depth / _UNITS, 0).round().clip(0, 65535).astype(np.uint16)
        # Without the rate told with every frame the syncer does not know which frames belong together.
        for sensor, profile, image, bytes_each in (
            (self._depth, self._depth_profile, steps, 2), (self._colour, self._colour_profile, colour, 3)
        ):  # fmt: skip
            sensor.set_metadata(rs.frame_metadata_value.actual_fps, self._rate * 1000)
            frame = rs.software_video_frame()
            frame.pixels = np.ascontiguousarray(image)
            frame.bpp, frame.stride = bytes_each, bytes_each * image.shape[1]
            frame.timestamp, frame.domain = 1000 * time, rs.timestamp_domain.hardware_clock
            frame.frame_number, frame.profile = self._number, profile.as_video_stream_profile()
            if bytes_each == 2:
                frame.depth_units = _UNITS
            sensor.on_video_frame(frame)

    def dated(self, timestamp: float, domain: str) -> float:
        """When a frame was taken, of its timestamp in ms: what a driver is to be given."""
        return timestamp / 1000

    def _sensor(
        self, name: str, stream: rs.stream, unique: int, size: tuple[int, int], matrix: NDArray[np.float64],
        bytes_each: int, form: rs.format,
    ) -> tuple[rs.software_sensor, rs.stream_profile]:
        sensor = self.device.add_sensor(name)
        video = rs.video_stream()
        video.type, video.index, video.uid, video.fmt = stream, 0, unique, form
        video.width, video.height, video.fps, video.bpp = *size, self._rate, bytes_each
        video.intrinsics = _intrinsics(size, matrix)
        return sensor, sensor.add_video_stream(video)


def _intrinsics(size: tuple[int, int], matrix: NDArray[np.float64]) -> rs.intrinsics:
    told = rs.intrinsics()
    told.width, told.height = size
    told.fx, told.fy, told.ppx, told.ppy = (float(matrix[i]) for i in ((0, 0), (1, 1), (0, 2), (1, 2)))
    told.model, told.coeffs = rs.distortion.none, [0.0] * 5
    return told


def _extrinsics(transform: NDArray[np.float64]) -> rs.extrinsics:
    told = rs.extrinsics()
    told.rotation = [float(value) for value in transform[:3, :3].T.ravel()]  # column by column
    told.translation = [float(value) for value in transform[:3, 3]]
    return told
