"""The world's fingers for an emulated gripper of another make, such as Robotiq's registers, which moves them."""

from __future__ import annotations

from expertgen.emulation.remote import Remote


class RemoteFingers:
    """The fingers of the world behind `remote`, by its channel."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def width(self) -> float:
        """m between them, now."""
        return float(self._remote.ask("state")["width"])

    def go(self, width: float, speed: float, force: float) -> None:
        """Go towards `width` m at `speed` m/s with `force` N from now on."""
        self._remote.ask("grip", width=width, speed=speed, force=force)

    def stay(self) -> None:
        """Hold where they are."""
        self.go(self.width(), 0.1, 70.0)

    def blocked(self) -> bool:
        """Whether something stopped them short of where they go to."""
        return bool(self._remote.ask("state")["holds"])
