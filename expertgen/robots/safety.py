"""The safety filter: every action goes through a chain of checks before it may move an arm. It is no safety-rated stop.

In order: latch, finite and normalised, age, workspace, step and speed, joints and singularity, force and torque, late
policy, abort after so many holds. Each outcome is pass, clamp, hold or stop, and what entered and left each check is
data. After a hold the checks go on with the wish to come to rest; after a stop nothing leaves the filter until
`recover` is called for a person.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from expertgen.robots.faults import RobotFault
from expertgen.robots.interpolation import rotation_exp
from expertgen.robots.kinematics import solve, tool_of
from expertgen.robots.limits import Limits
from expertgen.robots.robot import ArmState, GripperState, ToolTarget
from expertgen.robots.safety_checks import abort, ages, box, contact, finite, late, sound, step
from expertgen.robots.safety_data import Decision, Finding, Given, Memory, Outcome, Wish
from expertgen.robots.safety_joints import beyond, joints, refused
from expertgen.robots.safety_log import Log, plain, record

CHECKS = ("latch", "finite", "age", "workspace", "step", "joints", "contact", "late", "abort")


def decide(given: Given, memory: Memory, limits: Limits) -> tuple[Decision, Memory]:
    """What may be sent of `given`'s action, and what to remember. Pure; raises nothing: what goes wrong within a check
    stops."""
    still = Wish(given.standing, None, 0.0, rests=True)
    try:
        findings = _findings(given, memory, limits, still)
    except Exception as error:  # whatever it is, it must not let an unchecked action through
        findings = [Finding(name, Outcome.STOP, None, still, f"the check failed: {error!r}") for name in CHECKS]
    outcome = max(finding.outcome for finding in findings)
    left = findings[-1].left
    time = given.now if isinstance(given.now, float) and math.isfinite(given.now) else memory.time
    stops = outcome == Outcome.STOP
    decision = Decision(
        given.now, outcome, None if stops else left.target, None if stops or left.rests else left.gripper,
        left.seconds, left.rests, tuple(findings),
    )  # fmt: skip
    holds = memory.holds
    if outcome == Outcome.HOLD:
        holds = (*(t for t in holds if t > time - limits.params.abort.seconds), time)
    latched = memory.latched or (decision.why if stops else "")
    return decision, replace(memory, latched=latched, holds=holds, time=max(time, memory.time))


def _findings(given: Given, memory: Memory, limits: Limits, still: Wish) -> list[Finding]:
    """One finding of each check, in order."""
    latched = "; ".join(text for text in (memory.latched, *given.faults) if text)
    findings = [Finding("latch", Outcome.STOP if latched else Outcome.PASS, given.action, still, latched)]
    first = finite(given, still, limits)
    rest = still
    if first.outcome != Outcome.STOP and not latched:
        inside = np.clip(given.standing.position, *limits.box)  # of which a driver's rounding may have led
        given = replace(given, standing=ToolTarget(inside, given.standing.rotation))
        rest = resting(given, limits, memory)
        first = first if not first.left.rests else replace(first, left=rest)
    findings.append(first)
    wish = first.left
    if first.outcome == Outcome.STOP or latched:
        # Nothing is known that the others could reckon with, or need: they say so, and pass nothing on.
        skipped = [Finding(name, Outcome.PASS, wish, still, "not reached") for name in CHECKS[2:]]
        return [*findings, *skipped]
    for check in (
        lambda w: ages(given, w, rest, limits, memory),
        lambda w: box(given, w, rest, limits),
        lambda w: step(given, w, rest, limits),
        lambda w: joints(given, w, rest, limits, memory),
        lambda w: contact(given, w, rest, limits),
        lambda w: late(given, w, rest),
    ):
        findings.append(check(wish))
        wish = findings[-1].left
    holds = max(finding.outcome for finding in findings) == Outcome.HOLD
    return [*findings, abort(given, wish, rest, limits, memory, holds)]


def resting(given: Given, limits: Limits, memory: Memory) -> Wish:
    """The wish to come to rest from the present speed: a little farther on, as far as the limits allow."""
    way, turn = given.velocity[:3], given.velocity[3:]
    braking = limits.params.braking
    speed, spin = float(np.linalg.norm(way)), float(np.linalg.norm(turn))
    seconds = min(max(speed / braking.position, spin / braking.rotation), limits.period)
    still = Wish(given.standing, None, 0.0, rests=True)
    if seconds <= 0:
        return still
    standing = given.standing
    position = np.clip(standing.position + way * seconds / 2, *limits.box)
    end = ToolTarget(position, rotation_exp(turn * seconds / 2) @ standing.rotation)
    kept = step(given, Wish(end, None, seconds, rests=True), still, limits)
    if kept.outcome > Outcome.CLAMP or refused(given, kept.left.target, limits, memory):
        return still
    return kept.left


def alarmed(given: Given, going: ToolTarget, limits: Limits) -> Outcome:
    """The gravest of what can be found between two actions, while the target is `going` somewhere: faults, states that
    are no numbers, ages, contact. What passes here may yet be held by `decide`."""
    wish = Wish(going, None, 0.0)
    first = finite(replace(given, action=None), wish, limits).outcome
    if given.faults or first == Outcome.STOP:
        return Outcome.STOP
    old, felt = ages(given, wish, wish, limits, Memory()), contact(given, wish, wish, limits)
    return max(old.outcome, felt.outcome)


class SafetyFilter:
    """`decide` with its memory and its log. `begin` before the first decision; one thread at a time."""

    def __init__(self, limits: Limits, log: Log | None = None) -> None:
        self.limits, self._log, self._memory = limits, log, Memory()

    @property
    def latched(self) -> str:
        """Why nothing may move, "" if it may."""
        return self._memory.latched

    def begin(self, arm: ArmState, gripper: GripperState | None = None) -> None:
        """Take the arm's state for the first. Raises RobotFault where the filter would never let it move from, and
        after a stop, which a person has to recover."""
        if self._memory.tool is not None and self.latched:
            raise RobotFault(f"The arm was stopped ({self.latched}). A person has to see to it and recover it.")
        self._begin(arm, gripper)

    def _begin(self, arm: ArmState, gripper: GripperState | None) -> None:
        wrong = _unfit(arm, gripper, self.limits)
        self._tell({"event": "begin", "time": plain(arm.time), "arm": plain(arm), "refused": wrong})
        if wrong:
            raise RobotFault(f"The arm cannot start from here: {wrong}. Move it to its start pose, and clear what it "
                             "reports.")  # fmt: skip
        self._memory = Memory(tool_of(arm.joints, arm.position, arm.rotation), "", (), arm.time)

    def decide(self, given: Given) -> Decision:
        """What may be sent; logged, whatever the outcome."""
        decision, self._memory = decide(given, self._memory, self.limits)
        self._tell(record(given, decision))
        return decision

    def recover(self, by: str, arm: ArmState, gripper: GripperState | None = None) -> None:
        """By the word of the person `by`, after a stop: begin again from the arm's present state.

        Raises RobotFault for nobody's word, and as `begin`.
        """
        if not by.strip():
            raise RobotFault("A stopped arm is recovered by a person: found no name, expected who says so.")
        self._tell({"event": "recover", "by": by.strip(), "latched": self.latched, "time": plain(arm.time)})
        self._begin(arm, gripper)

    def _tell(self, entry: dict[str, Any]) -> None:
        if self._log is not None:
            self._log(entry)


def _unfit(arm: ArmState, gripper: GripperState | None, limits: Limits) -> str:
    """Why no motion can begin from the arm's state, "" if it can."""
    if not sound(arm):
        return "its state holds NaN, infinity or another shape"
    here = ToolTarget(arm.position, arm.rotation)
    if (here.position != np.clip(here.position, *limits.box)).any():
        return f"the tool is outside of the workspace, at {np.round(here.position, 3).tolist()} m"
    still = Wish(here, None, 0.0, rests=True)
    given = Given(arm.time, None, arm.time, arm.time, arm, gripper, here, np.zeros(6))
    felt = contact(given, still, still, limits).why
    tool = tool_of(arm.joints, arm.position, arm.rotation)
    return felt or beyond(solve(arm.joints, here.position, here.rotation, tool), limits)
