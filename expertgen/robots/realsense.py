"""A RealSense camera through pyrealsense2: colour, and depth registered to it.

Works on the device's sensors, not on a pipeline: a device of software has sensors only, so what is tested is what runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from expertgen.robots.connect import Clock, MachineClock, import_package
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import Frame

if TYPE_CHECKING:
    import pyrealsense2 as rs

_NEEDED_BY = "the driver of RealSense cameras"
_LOOK = 0.005  # s between looks for the first frame
_STRAIGHT = 1e-3  # a distortion coefficient up to which the image counts as a pinhole's


@dataclass(frozen=True)
class Streams:
    """What is asked of a device: px, frames a second, and filters of its depth (spatial, temporal), in this order."""

    colour: tuple[int, int] = (1280, 720)
    depth: tuple[int, int] = (848, 480)
    rate: int = 30
    filters: tuple[Literal["spatial", "temporal"], ...] = ("spatial",)


class RealSenseCamera:
    """The camera `device`; `find_device` gives one by its serial number.

    A camera that gives no new frame for `timeout` s of the clock is lost. `dated` says when a frame was taken in s of
    the clock, from librealsense's timestamp (ms) and its domain; by default what hardware needs.
    Raises RobotFault for a device that has not these streams or gives no frame within `connect_timeout` s.
    """

    def __init__(
        self, device: rs.device, streams: Streams | None = None, *, clock: Clock | None = None, timeout: float = 0.5,
        connect_timeout: float = 5.0, dated: Callable[[float, str], float] | None = None,
    ) -> None:  # fmt: skip
        rs = import_package("pyrealsense2", _NEEDED_BY)
        streams = streams or Streams()
        self._rs, self._device, self._clock = rs, device, clock or MachineClock()
        self._timeout, self._dated = timeout, dated or self._on_machine
        self.serial = str(device.get_info(rs.camera_info.serial_number))
        self._name = f"camera {self.serial}"
        self._syncer, self._align = rs.syncer(), rs.align(rs.stream.color)
        self._filters = _depth_filters(rs, streams.filters)
        self._sensors: list[Any] = []
        self._frame: Frame | None = None
        self._numbers = (-1, -1)
        try:
            wanted = [(rs.stream.color, rs.format.rgb8, streams.colour)]
            wanted.append((rs.stream.depth, rs.format.z16, streams.depth))
            profiles = [_profile(device, *each, streams.rate, self._name) for each in wanted]
            self.intrinsics = _matrix(profiles[0][1].as_video_stream_profile().get_intrinsics(), self._name)
            self._start(profiles)
        except RuntimeError as error:  # librealsense's own
            self.close()
            raise RobotFault(f"{self._name}: it does not start: {error}") from None
        self._newest = self._clock.now()
        self._wait_for_first(connect_timeout)

    def observe(self) -> Frame:
        self._drain()
        silent = self._clock.now() - self._newest
        if self._frame is None or silent > self._timeout:
            raise RobotFault(f"{self._name}: no new frame for {silent:.2f} s; its last was number {self._numbers[0]}.")
        return self._frame

    def close(self) -> None:
        for sensor in self._sensors:
            try:
                sensor.stop()
                sensor.close()
            except RuntimeError:
                pass  # it is gone already
        self._sensors = []

    def _start(self, profiles: list[tuple[Any, Any]]) -> None:
        """Open each sensor once: a D435i's two streams are of two sensors, a D405's of one."""
        rs, chosen = self._rs, dict[str, tuple[Any, list[Any]]]()
        for sensor, profile in profiles:
            chosen.setdefault(sensor.get_info(rs.camera_info.name), (sensor, []))[1].append(profile)
        for sensor, wanted in chosen.values():
            option = rs.option.global_time_enabled
            if sensor.supports(option) and not sensor.is_option_read_only(option):
                sensor.set_option(option, 1)
            sensor.open(wanted)
            self._sensors.append(sensor)
            sensor.start(self._syncer)

    def _wait_for_first(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._frame is None:
            self._drain()
            if self._frame is None and time.monotonic() > until:
                self.close()
                raise RobotFault(f"{self._name}: no frame of colour and depth within {seconds:g} s of its start.")
            if self._frame is None:
                self._clock.sleep_until(self._clock.now() + _LOOK)

    def _drain(self) -> None:
        """Take the newest pair of images that came since."""
        newest = None
        try:
            while frames := self._syncer.poll_for_frames():
                colour, depth = frames.get_color_frame(), frames.get_depth_frame()
                # Playback and a starved syncer repeat frames; after a reset the device counts anew.
                if colour and depth and _new(self._numbers, (colour.frame_number, depth.frame_number)):
                    self._numbers = colour.frame_number, depth.frame_number
                    newest = frames
        except RuntimeError as error:
            raise RobotFault(f"{self._name}: it is lost: {error}") from None
        if newest is not None:
            self._frame, self._newest = self._registered(newest), self._clock.now()

    def _registered(self, frames: Any) -> Frame:
        depth = frames.get_depth_frame()
        number, taken = frames.get_color_frame().frame_number, self._taken(frames)
        units = depth.get_units()
        for each in self._filters:
            frames = each.process(frames).as_frameset()
        frames = self._align.process(frames)
        colour = np.asanyarray(frames.get_color_frame().get_data()).copy()
        metres = np.asanyarray(frames.get_depth_frame().get_data()).astype(np.float32) * np.float32(units)
        return Frame(taken, int(number), self.serial, colour, metres)

    def _taken(self, frames: Any) -> float:
        """When the older of the two images was taken."""
        pair = (frames.get_color_frame(), frames.get_depth_frame())
        return min(self._dated(frame.timestamp, frame.frame_timestamp_domain.name) for frame in pair)

    def _on_machine(self, timestamp: float, domain: str) -> float:
        now = self._clock.now()
        if domain not in ("global_time", "system_time"):
            return now  # the device's own clock, which tells nothing: its arrival
        return min(now, now - (time.time() - timestamp / 1000))


def find_device(serial: str) -> rs.device:
    """The camera on USB with this serial number. Raises RobotFault, naming those that are there."""
    rs = import_package("pyrealsense2", _NEEDED_BY)
    found = {device.get_info(rs.camera_info.serial_number): device for device in rs.context().query_devices()}
    if serial not in found:
        there = ", ".join(sorted(found)) or "none"
        raise RobotFault(f"camera {serial}: it is not on USB; found: {there}. Look at its cable and at udev's rules.")
    return found[serial]


def _new(last: tuple[int, int], now: tuple[int, int]) -> bool:
    return (now[0] > last[0] and now[1] > last[1]) or (now[0] < last[0] and now[1] < last[1])


def _depth_filters(rs: Any, names: tuple[str, ...]) -> list[Any]:
    """librealsense advises to smooth in the space of disparities."""
    if not names:
        return []
    made = {"spatial": rs.spatial_filter, "temporal": rs.temporal_filter}
    return [rs.disparity_transform(True), *(made[name]() for name in names), rs.disparity_transform(False)]


def _profile(
    device: rs.device, stream: Any, form: Any, size: tuple[int, int], rate: int, name: str
) -> tuple[Any, Any]:
    """The sensor that gives this stream, and its profile."""
    offered = []
    for sensor in device.query_sensors():
        for profile in sensor.get_stream_profiles():
            if profile.stream_type() != stream or not profile.is_video_stream_profile():
                continue
            video = profile.as_video_stream_profile()
            if (video.width(), video.height(), video.fps(), video.format()) == (*size, rate, form):
                return sensor, profile
            offered.append(f"{video.width()}x{video.height()} at {video.fps()}/s as {video.format().name}")
    raise RobotFault(
        f"{name}: it has no {stream.name} stream of {size[0]}x{size[1]} at {rate}/s as {form.name}; it has: "
        f"{', '.join(sorted(set(offered))[:12]) or 'none'}. A D435i on a USB 2 port offers few: take a USB 3 port."
    )


def _matrix(intrinsics: Any, name: str) -> NDArray[np.float64]:
    if np.abs(intrinsics.coeffs).max() > _STRAIGHT:
        raise RobotFault(
            f"{name}: its colour image is distorted ({intrinsics.model.name}, {intrinsics.coeffs}), which nothing here "
            "corrects; a D435i's is not."
        )
    return np.array([[intrinsics.fx, 0, intrinsics.ppx], [0, intrinsics.fy, intrinsics.ppy], [0, 0, 1.0]])
