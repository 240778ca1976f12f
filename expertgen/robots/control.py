"""The control loop: policy at 10 to 15 Hz, safety filter, interpolator at 100 Hz or more, arm.

It knows arm, gripper, eyes, policy and clock by their protocols alone, so the same loop runs on hardware in wall time
and in an emulation's time. Each stream step asks the arm for its state and sends one target. Once a period an action
goes through the filter; where something is amiss, at once. After a stop nothing is sent until `recover`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from expertgen.geometry import rotation_to_6d
from expertgen.params import RobotParams
from expertgen.robots.control_chunks import Chunks
from expertgen.robots.control_clock import Clock
from expertgen.robots.control_eyes import Eyes
from expertgen.robots.control_fingers import Fingers
from expertgen.robots.control_policy import Asker
from expertgen.robots.control_senses import Senses
from expertgen.robots.faults import RobotFault
from expertgen.robots.interpolation import Interpolator
from expertgen.robots.limits import Limits
from expertgen.robots.robot import Arm, Array, Gripper, ToolTarget
from expertgen.robots.safety import SafetyFilter, alarmed
from expertgen.robots.safety_data import Decision, Given, Outcome
from expertgen.robots.safety_log import Log
from expertgen.robots.watchdog import Supervisor, Watchdog


@dataclass(frozen=True)
class Ended:
    """How a run ended: stopped, and `said` is why; done, as the caller said; or its time was up. time: of the clock."""

    how: Literal["stopped", "done", "time"]
    said: str
    time: float


class ControlLoop:
    """`run` it in one thread; `stop` it from any. `watched`: with a watchdog, and a supervisor if `supervised`, both of
    wall time and so for hardware alone. `told`: is given every decision. `timings`: wall time of each part, s."""

    def __init__(self, arm: Arm, gripper: Gripper | None, eyes: Eyes, asker: Asker, clock: Clock, params: RobotParams,
                 log: Log | None = None, watched: bool = False, supervised: bool = False,
                 told: Callable[[Given, Decision], None] | None = None) -> None:  # fmt: skip
        self._arm, self._gripper, self._clock, self._params = arm, gripper, clock, params
        self._limits, self._log = Limits(params), log
        self.filter = SafetyFilter(self._limits, log)
        self._senses = Senses(arm, gripper, eyes, params.rates)
        self._asker, self._chunks = asker, Chunks(asker, params.policy)
        self._stopping, self._operator = threading.Event(), ""
        self._watched, self._supervised, self._told = watched, supervised, told
        self._watchdog: Watchdog | None = None
        self._supervisor: Supervisor | None = None
        self._step = 1 / params.rates.stream
        self._answered, self._width = False, math.nan
        self._fingers = Fingers(params.gripper_wait)

    @property
    def timings(self) -> dict[str, list[float]]:
        return {**self._senses.timings, "policy": self._chunks.took}

    def stop(self, why: str = "the operator") -> None:
        """Stop at the next stream step; from any thread, a signal handler's included."""
        self._operator = f"stopped by {why}"
        self._stopping.set()

    def recover(self, by: str) -> None:
        """Make arm and gripper ready again after a stop, by the word of the person `by` alone. Raises RobotFault."""
        if not by.strip():
            raise RobotFault("A stopped arm is recovered by a person: found no name, expected who says so.")
        self._arm.recover()
        gripper = self._gripper.observe() if self._gripper is not None else None
        if self._gripper is not None and gripper is not None and gripper.fault:
            self._gripper.recover()
            gripper = self._gripper.observe()
        self.filter.recover(by, self._arm.observe(), gripper)
        self._stopping.clear()

    def run(self, seconds: float, done: Callable[[], bool] | None = None) -> Ended:
        """Control the arm for `seconds`, or until `done`, asked once a period, says so; then let it hold.

        Raises RobotFault where no motion can begin. Whatever else is raised, an interruption too, stops the arm first.
        """
        self._begin()
        try:
            self._guard()
            ended = self._run(self._clock.now() + seconds, done or (lambda: False))
        except BaseException as error:
            self._halt(repr(error))
            raise
        finally:
            for guard in (self._watchdog, self._supervisor):
                if guard is not None:
                    guard.close()
        self._tell("ended", ended.time, how=ended.how, said=ended.said)
        return ended

    def _begin(self) -> None:
        """See to everything before anything moves: states, limits, and that the policy answers at all."""
        self._senses.faults.clear()
        now = self._clock.now()
        self._senses.feel(now)
        self._senses.grip(now)
        if self._senses.faults or self._senses.arm is None:
            raise RobotFault("; ".join(self._senses.faults))
        self.filter.begin(self._senses.arm, self._senses.gripper)
        if not self._answered:
            self._first_answer(now)
        self._chunks.drop()
        self._senses.feel(self._clock.now())
        arm = self._senses.arm
        self._sent, self._sent_at = ToolTarget(arm.position, arm.rotation), self._clock.now()
        self._play = Interpolator(self._sent, self._params.interpolation)
        self._tick_due, self._holding, self._width = self._sent_at, False, math.nan
        self._fingers.rest()

    def _guard(self) -> None:
        """Start whoever notices that the loop hangs."""
        if self._watched:
            self._watchdog = Watchdog(self._arm.stop, self._params.watchdog)
            self._supervisor = Supervisor(2 * self._params.watchdog) if self._supervised else None

    def _first_answer(self, now: float) -> None:
        """Ask once and drop the answer: a policy's first call is slow, and it may not work at all."""
        if not self._asker.ask(0, self._senses.see().seen, now):
            raise RobotFault("The policy is busy before it was asked anything: give the loop one of its own.")
        while (answer := self._asker.answer(self._clock.now())) is None:
            if self._clock.now() - now > self._params.policy.first:
                raise RobotFault(f"The policy gave no first answer within {self._params.policy.first:g} s "
                                 "(robot.policy.first).")  # fmt: skip
            self._clock.sleep_until(self._clock.now() + self._step)
        if answer.fault:
            raise RobotFault(f"The policy gave no first answer: {answer.fault}.")
        self._answered = True

    def _run(self, end: float, done: Callable[[], bool]) -> Ended:
        how: Literal["done", "time"] | None = None
        while True:
            now = self._clock.now()
            self._senses.feel(now)
            if how is None and now >= self._tick_due - 1e-6:
                how = "done" if done() else "time" if now >= end - 1e-6 else None
            decision = self._decide(now, over=how is not None)
            if decision is None or decision.outcome < Outcome.STOP:
                decision = self._send(now) or decision
            if decision is not None and decision.outcome == Outcome.STOP:
                self._halt(decision.why)
                return Ended("stopped", decision.why, now)
            if how is not None and self._play.done(now):
                return Ended(how, "", now)
            for guard in (self._watchdog, self._supervisor):
                if guard is not None:
                    guard.beat()
            self._clock.sleep_until(now + self._step)

    def _decide(self, now: float, over: bool) -> Decision | None:
        """Pass this period's action through the filter, if one is due, or nothing at once, if something is amiss."""
        if self._alarm(now):
            return self._act(now, None, math.nan, "something is amiss")
        if over or now < self._tick_due - 1e-6:
            return None
        self._senses.grip(now)
        if self._waits(now):
            return self._act(now, self._staying(), now, "")
        try:
            ready = self._chunks.ready(now, self._senses.see)
        except RobotFault as fault:
            self._senses.blind, ready = str(fault), "none"
        if ready == "wait" and not self._senses.faults:
            return None
        action, seen = self._chunks.take()
        return self._act(now, action, seen, self._chunks.missing)

    def _waits(self, now: float) -> bool:
        """Whether the arm stays where it was sent while the fingers close or open. Then the policy is asked anew."""
        if not self._fingers.moving:
            return False
        if self._fingers.still_on_their_way(now, self._senses.gripper):
            return True
        self._chunks.drop()
        return False

    def _staying(self) -> Array:
        """(10,): the action that leaves everything as it is."""
        gripper = 1.0 if self._width == 0 else -1.0
        return np.concatenate([self._sent.position, rotation_to_6d(self._sent.rotation), [gripper]])

    def _alarm(self, now: float) -> bool:
        """Whether not to wait for the next period: for what stops, and for what holds unless it holds already."""
        least = Outcome.STOP if self._holding else Outcome.HOLD
        return alarmed(self._given(now, None, math.nan, ""), self._play.end, self._limits) >= least

    def _given(self, now: float, action: object, seen: float, missing: str) -> Given:
        senses, watchdog = self._senses, self._watchdog
        stopped = self._operator if self._stopping.is_set() else ""
        faults = tuple(text for text in (*senses.faults, stopped, watchdog.why if watchdog else "") if text)
        velocity = self._play.velocity(self._sent_at)
        return Given(now, action, seen, senses.cameras, senses.arm, senses.gripper, self._sent, velocity, missing,
                     senses.blind, faults)  # fmt: skip

    def _act(self, now: float, action: object, seen: float, missing: str) -> Decision:
        with self._senses.timed("decide"):
            given = self._given(now, action, seen, missing)
            decision = self.filter.decide(given)
        if self._told is not None:
            self._told(given, decision)
        if decision.target is None:
            return decision
        begin = max(self._sent_at, now - self._step)  # from the target sent last, so that the stream has no step
        seconds = decision.seconds + now - begin
        self._chunks.advance()
        self._holding = decision.outcome == Outcome.HOLD
        if self._holding:
            self._play.brake(self._sent, decision.target, begin, decision.seconds)
            self._chunks.drop()
        else:
            self._play.go(self._sent, decision.target, begin, seconds)
            self._grip(decision.gripper)
        on_time = now - self._tick_due <= self._step and not self._holding
        self._tick_due = (self._tick_due if on_time else now) + self._limits.period
        return decision

    def _grip(self, command: float | None) -> None:
        """Close above 0, open else, as in simulation; said once, for grippers act on each word."""
        if command is None or self._gripper is None:
            return
        width = 0.0 if command > 0 else self._params.gripper_open
        if width == self._width:
            return
        try:
            with self._senses.timed("gripper"):
                sent = self._gripper.send(width)
        except RobotFault as fault:
            self._senses.faults.append(f"gripper: {fault}")
            return
        self._fingers.told(width, self._clock.now(), self._senses.gripper)
        self._width = width
        self._tell("gripper", self._clock.now(), asked=width, sent=float(sent))

    def _send(self, now: float) -> Decision | None:
        """One target of the stream; a decision if that went wrong."""
        target = self._play.at(now)
        try:
            with self._senses.timed("send"):
                self._sent = self._arm.send(target)
        except RobotFault as fault:
            self._senses.faults.append(f"arm: {fault}")
            return self._act(now, None, math.nan, "the arm took no target")
        self._sent_at = now
        if not np.allclose(self._sent.position, target.position, atol=1e-6):
            self._tell("sent", now, asked=target.position.tolist(), sent=np.asarray(self._sent.position).tolist())
        return None

    def _halt(self, why: str) -> None:
        """Stop arm and gripper; each though the other's driver fails."""
        failed = []
        for part in (self._arm, self._gripper):
            try:
                if part is not None:
                    part.stop()
            except Exception as error:
                failed.append(f"{type(part).__name__} did not take the stop: {error}")
        self._tell("stop", self._clock.now(), why=why, failed=failed)

    def _tell(self, event: str, now: float, **values: object) -> None:
        if self._log is not None:
            self._log({"event": event, "time": now, **values})
