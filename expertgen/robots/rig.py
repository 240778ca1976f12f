"""Several cameras as one: frames matched in time."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass

from expertgen.robots.connect import Clock, MachineClock
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import Camera, Frame

_KEPT = 4  # frames of each camera, among which those that match are chosen


@dataclass(frozen=True)
class RigFrames:
    """One frame of each camera, in the rig's order. age: s since the oldest was taken; spread: s between the oldest and
    the newest."""

    frames: tuple[Frame, ...]
    age: float
    spread: float


class Rig:
    """`cameras`, told apart by their serial numbers and read at the same time.

    Frames further apart than `spread` s match no more; a camera that has not answered within `timeout` s of wall time
    is lost. Raises RobotFault for two cameras of one number.
    """

    def __init__(
        self, cameras: Sequence[Camera], *, clock: Clock | None = None, spread: float = 0.034, timeout: float = 1.0
    ) -> None:
        self.cameras, self._clock = tuple(cameras), clock or MachineClock()
        self._spread, self._timeout = spread, timeout
        serials = [camera.serial for camera in self.cameras]
        if not serials or len(set(serials)) < len(serials):
            raise RobotFault(f"a rig has cameras of different serial numbers; found: {', '.join(serials) or 'none'}.")
        self._past: dict[str, deque[Frame]] = {serial: deque(maxlen=_KEPT) for serial in serials}
        self._readers = {camera.serial: _Reader(camera) for camera in self.cameras}
        self._asked: dict[str, Future[Frame]] = {}

    def observe(self) -> RigFrames:
        """The newest frames that match. Raises RobotFault, naming every camera that is lost or does not match."""
        self._ask()
        oldest_of_newest = min(past[-1].time for past in self._past.values())
        frames = tuple(
            min(past, key=lambda frame: (abs(frame.time - oldest_of_newest), -frame.number))
            for past in self._past.values()
        )
        times = [frame.time for frame in frames]
        spread = max(times) - min(times)
        if spread > self._spread:
            late = [frame.serial for frame in frames if max(times) - frame.time > self._spread]
            raise RobotFault(
                f"the frames of camera {', '.join(late)} are {1000 * spread:.0f} ms older than others', at most "
                f"{1000 * self._spread:.0f} ms are allowed."
            )
        return RigFrames(frames, self._clock.now() - min(times), spread)

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()
        for camera in self.cameras:
            camera.close()

    def _ask(self) -> None:
        faults = []
        for serial, reader in self._readers.items():
            if serial not in self._asked:  # else it still owes an answer
                self._asked[serial] = reader.ask()
        for serial, asked in list(self._asked.items()):
            try:
                frame = asked.result(self._timeout)
            except TooLate:
                faults.append(f"camera {serial}: it has not answered within {self._timeout:g} s.")
                continue
            except RobotFault as fault:
                faults.append(str(fault))
                del self._asked[serial]
                continue
            del self._asked[serial]
            past = self._past[serial]
            if not past or frame.number != past[-1].number:
                past.append(frame)
        if faults:
            raise RobotFault(" ".join(faults))


class _Reader:
    """A thread that asks one camera. A pool's is waited for at the program's end, for ever if the camera hangs."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._orders: queue.SimpleQueue[Future[Frame] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=f"camera {camera.serial}", daemon=True).start()

    def ask(self) -> Future[Frame]:
        answer: Future[Frame] = Future()
        self._orders.put(answer)
        return answer

    def close(self) -> None:
        self._orders.put(None)

    def _run(self) -> None:
        while (answer := self._orders.get()) is not None:
            try:
                answer.set_result(self._camera.observe())
            except BaseException as error:  # whoever asked is to have it
                answer.set_exception(error)
