"""Which devices stand here: robot.yaml beside params.yaml, of this one place and so not in git."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from expertgen.errors import InvalidParameter, MissingInput
from expertgen.params.checks import Problems, check
from expertgen.params.yamlfile import read_yaml


@dataclass(frozen=True)
class StationCamera:
    """`name`: as the student knows it, as in vision.cameras; `serial`: the number on its housing."""

    name: str
    serial: str


@dataclass(frozen=True)
class Station:
    """arm: its address; gripper: franka, at the arm's address, or robotiq at `gripper_at`: a serial port, or
    tcp://HOST:PORT; "none" for franka. cameras: all that the student sees by."""

    arm: str
    gripper: Literal["franka", "robotiq"]
    gripper_at: str
    cameras: tuple[StationCamera, ...]

    @property
    def serials(self) -> dict[str, str]:
        """The cameras' names → serial numbers."""
        return {camera.name: camera.serial for camera in self.cameras}


def read_station(path: Path) -> Station:
    """The devices that the file `path` names. Raises MissingInput, InvalidParameter."""
    if not path.is_file():
        raise MissingInput(f"no devices named at {path}. docs/robot_setup.md shows the file to write.")
    problems = Problems(str(path))
    station = check(read_yaml(path, str(path)), Station, "", problems)
    if problems.lines:
        raise InvalidParameter(problems.message())
    return cast(Station, station)
