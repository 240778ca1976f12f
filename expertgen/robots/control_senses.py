"""What a control loop knows of its robot at a moment, and what the drivers complained of."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from expertgen.params.robot import RatesParams
from expertgen.robots.control_eyes import Eyes, Sight
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import Arm, ArmState, Gripper, GripperState


class Senses:
    """The newest state of arm, gripper and cameras. A driver's RobotFault becomes a word in `faults`, which stops, or,
    of a camera, in `blind`, which holds. `timings`: wall time of each part, s."""

    def __init__(self, arm: Arm, gripper: Gripper | None, eyes: Eyes, rates: RatesParams) -> None:
        self._arm, self._gripper, self._eyes, self._rates = arm, gripper, eyes, rates
        self.arm: ArmState | None = None
        self.gripper: GripperState | None = None
        self.cameras, self.blind = float("-inf"), "nothing was seen yet"
        self.faults: list[str] = []
        self.timings: dict[str, list[float]] = {}
        self._watch_due = self._grip_due = float("-inf")

    def feel(self, now: float) -> None:
        """Ask the arm, and the cameras where it is time to."""
        with self._complaints("arm"), self.timed("observe"):
            self.arm = self._arm.observe()
        if self.arm is None or now < self._watch_due - 1e-6:
            return
        self._watch_due = now + 1 / self._rates.watch
        try:
            with self.timed("watch"):
                self.cameras, self.blind = self._eyes.watch(self.arm)
        except RobotFault as fault:
            self.blind = str(fault) or "a camera is lost"

    def grip(self, now: float) -> None:
        """Ask the gripper, but not oftener than twice a control period."""
        if self._gripper is not None and now >= self._grip_due - 1e-6:
            self._grip_due = now + 0.5 / self._rates.control
            with self._complaints("gripper"), self.timed("gripper"):
                self.gripper = self._gripper.observe()

    def see(self) -> Sight:
        """What the policy is shown. Raises RobotFault without an arm's state, and where a camera is lost."""
        if self.arm is None:
            raise RobotFault("The arm has not told its state.")
        with self.timed("see"):
            return self._eyes.see(self.arm, self.gripper)

    @contextmanager
    def _complaints(self, part: str) -> Iterator[None]:
        try:
            yield
        except RobotFault as fault:
            self.faults.append(f"{part}: {fault}")

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.timings.setdefault(part, []).append(time.perf_counter() - begun)
