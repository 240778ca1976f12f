"""The gripper of the world as a motor that is told a width, a speed and a force, whatever speaks to it."""

from __future__ import annotations

import numpy as np

from expertgen.emulation.world import STEP, World
from expertgen.sims.grippers import PandaHand

FASTEST = 0.1  # m/s, of the width: a Franka hand's fingers move at 50 mm/s each
STRONGEST = 70.0  # N


class Hand:
    """Moves the fingers of `world`, once a step. `dead`: the motor has failed and gives way."""

    def __init__(self, world: World) -> None:
        self._world, self._layout = world, world.layout
        self._franka = isinstance(world.layout.gripper, PandaHand)
        self.dead = False
        self.rest()

    @property
    def width(self) -> float:
        """m between the fingers."""
        return float(self._world.fingers.sum())

    @property
    def widest(self) -> float:
        return 2 * self._layout.gripper.widest

    @property
    def goal(self) -> float:
        """m, what it was told last."""
        return 2 * self._goal

    @property
    def arrived(self) -> bool:
        """Whether the motor's own ramp is over; fingers that met something stop before."""
        return self._at == self._goal

    @property
    def holds(self) -> bool:
        """Whether the fingers closed on something: wider than they were told, and pressing."""
        return self.arrived and not self.dead and self.width > self.goal + 0.002

    def go(self, width: float, speed: float, force: float) -> None:
        """Go towards `width` (m) at `speed` (m/s, of the width) with at most `force` (N) a finger."""
        self._goal = float(np.clip(width, 0.0, self.widest)) / 2
        self._speed = float(np.clip(speed, 0.0, FASTEST)) / 2
        self._at = float(np.clip(self._world.fingers.mean(), 0.0, self.widest / 2))
        if self._franka:
            force = float(np.clip(force, 0.0, STRONGEST))
            self._world.model.actuator_forcerange[self._layout.gripper_ctrl] = -force, force

    def rest(self) -> None:
        """Stay where the fingers are, as after a reset."""
        self.go(self.width, FASTEST, STRONGEST)
        self._at = self._goal

    def step(self) -> None:
        """What the motor does this millisecond; before the world's own step."""
        most = self._speed * STEP
        self._at += float(np.clip(self._goal - self._at, -most, most))
        if abs(self._goal - self._at) < 1e-12:
            self._at = self._goal
        if self.dead and self._franka:
            self._world.model.actuator_forcerange[self._layout.gripper_ctrl] = 0.0, 0.0
        self._world.data.ctrl[self._layout.gripper_ctrl] = self._layout.gripper.command(np.array(self._at))

    def repair(self) -> None:
        """The motor works again, and holds the fingers where they are."""
        self.dead = False
        self.rest()
