"""A rig of emulated cameras: the drivers' own code, over devices of software that show what is drawn of the world."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from expertgen.emulation.cameras import EmulatedCamera, Optics
from expertgen.emulation.views import Views
from expertgen.robots.connect import Clock
from expertgen.robots.faults import RobotFault
from expertgen.robots.realsense import RealSenseCamera, Streams
from expertgen.robots.rig import Rig, RigFrames
from expertgen.vision.look import Look

Array = NDArray[np.float64]
_PATIENCE = 20.0  # s of wall time: drawing on a busy machine
_THROUGH = 2.0  # s of wall time that librealsense's threads may take for a frame


@dataclass(frozen=True)
class Known:
    """What a calibration says of a camera, as expertgen.seeing takes it."""

    base_T_color: Array
    intrinsics: Array


class EmulatedRig:
    """The cameras of `views`, by the drivers; `serials` and `calibrations` as of a rig of metal. `still` and `lost`:
    serial numbers of cameras that show the same for ever, or nothing any more.

    To be used in the thread that made `views`, and closed there; `wear` opens the cameras anew, for a look has lenses
    of its own.
    """

    def __init__(self, views: Views, size: tuple[int, int], clock: Clock, rate: int = 30) -> None:
        self._views, self._size, self._clock, self._rate = views, size, clock, rate
        self.serials = {name: f"emulated-{name}" for name in views.names}
        self.calibrations: dict[str, Known] = {}
        self.still, self.lost = set[str](), set[str]()
        self._pictures: dict[int, tuple[NDArray[np.uint8], NDArray[np.float32]]] = {}
        self._devices: list[EmulatedCamera] = []
        self._rig: Rig | None = None

    @property
    def cameras(self) -> tuple[RealSenseCamera, ...]:
        """The drivers, in the order of the views."""
        return () if self._rig is None else self._rig.cameras  # type: ignore[return-value]

    def wear(self, look: Look) -> None:
        """Open the cameras under `look`, calibrated as well as it says."""
        self._shut()
        self._views.wear(look)
        self._devices = [EmulatedCamera(serial, Optics(self._size, self._views.intrinsics(index)), self._rate)
                         for index, serial in enumerate(self.serials.values())]  # fmt: skip
        self._shown = [-1] * len(self._devices)
        drivers = [self._open(index) for index in range(len(self._devices))]
        self._rig = Rig(drivers, clock=self._clock, timeout=_PATIENCE)
        self.calibrations = {
            driver.serial: Known(self._views.base_from_camera(index, known=True), driver.intrinsics)
            for index, driver in enumerate(drivers)
        }

    def _open(self, index: int) -> RealSenseCamera:
        device = self._devices[index]
        streams = Streams(self._size, self._size, self._rate, ())  # a look has a depth's noise as it is after filters
        return RealSenseCamera(device.device, streams, clock=_Feeding(self, index, self._clock), dated=device.dated,
                               connect_timeout=_PATIENCE)  # fmt: skip

    def feed(self, index: int) -> bool:
        """Show a camera the newest picture, if there is a newer one; whether there was."""
        shot, serial = self._views.newest(), self._devices[index].serial
        if shot.number == self._shown[index]:
            return False
        paused, self._shown[index] = shot.number > self._shown[index] + self._rate // 3, shot.number
        if serial in self.lost:
            return False
        if serial not in self.still or index not in self._pictures:
            self._pictures[index] = shot.colour[index], shot.depth[index]
        # After a pause in which nobody looked, librealsense loses a frame before it pairs colour and depth again.
        for back in (1, 0) if paused else (0,):
            self._devices[index].show(*self._pictures[index], shot.time - back / self._rate, shot.number - back)
        return True

    def observe(self) -> RigFrames:
        """As rig.Rig's."""
        assert self._rig is not None, "wear a look first"
        fed = [index for index in range(len(self._devices)) if self.feed(index)]
        for index in fed:
            self._pass_on(index)
        return self._rig.observe()

    def _pass_on(self, index: int) -> None:
        """Wait until librealsense has passed on what a camera was shown last."""
        until = time.monotonic() + _THROUGH
        while not self._arrived(index) and time.monotonic() < until:
            time.sleep(0.001)

    def _arrived(self, index: int) -> bool:
        try:
            return self.cameras[index].observe().number >= self._shown[index]
        except RobotFault:  # nothing for long, as after a pause in which nobody looked
            return False

    def _shut(self) -> None:
        if self._rig is not None:
            self._rig.close()
        self._rig, self._devices = None, []

    def close(self) -> None:
        """Close cameras and views."""
        self._shut()
        self._views.close()


@dataclass(frozen=True)
class _Feeding:
    """The clock of a camera's driver that waits for its first frame: it comes as time passes."""

    rig: EmulatedRig
    index: int
    clock: Clock

    def now(self) -> float:
        return self.clock.now()

    def sleep_until(self, moment: float) -> None:
        self.clock.sleep_until(moment)
        self.rig.feed(self.index)
