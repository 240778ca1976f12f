"""What enters the safety filter, what each check finds, what leaves: all of it data, to be logged and compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from expertgen.robots.kinematics import Tool
from expertgen.robots.robot import ArmState, Array, GripperState, ToolTarget


class Outcome(IntEnum):
    """Ordered by gravity. hold: the target comes to rest and motion may go on with the next action. stop: the arm is
    stopped, and nothing leaves the filter until a person has recovered it."""

    PASS = 0
    CLAMP = 1
    HOLD = 2
    STOP = 3


@dataclass(frozen=True)
class Given:
    """All that a decision depends on, but for the filter's memory. Times in s, of one clock.

    action: what the policy wants of this period, expected as (10,): position 3, 6-D rotation, gripper; None if there is
    none, and `missing` says why. seen: when that was seen from which the action was predicted; cameras: when the oldest
    of the cameras' newest pictures was taken, and `blind` says what is wrong with them, if something is. standing:
    where the arm was really sent last; velocity (6,): at what speed the target moves. faults: what drivers, a watchdog
    or the operator's stop have to say; any of it stops the arm.
    """

    now: float
    action: object
    seen: float
    cameras: float
    arm: ArmState | None
    gripper: GripperState | None
    standing: ToolTarget
    velocity: Array
    missing: str = ""
    blind: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wish:
    """An action on its way through the checks: a target to be reached in `seconds`, and the gripper's command in
    [-1, 1], None for none. rests: it has become the target at which the arm comes to rest."""

    target: ToolTarget
    gripper: float | None
    seconds: float
    rests: bool = False


@dataclass(frozen=True)
class Finding:
    """One check's word: what entered it, what left it, and why."""

    check: str
    outcome: Outcome
    entered: object
    left: Wish
    why: str = ""


@dataclass(frozen=True)
class Memory:
    """What the filter knows from one decision to the next. tool: None until it has begun; latched: why nothing may move
    until a person has recovered the arm, "" if it may; holds: when it held lately."""

    tool: Tool | None = None
    latched: str = "not begun: the arm's state has not been checked"
    holds: tuple[float, ...] = ()
    time: float = float("-inf")


@dataclass(frozen=True)
class Decision:
    """target: to be reached in `seconds`, None after a stop. gripper: the command, None for none. braking: come to rest
    there. findings: of every check, in order."""

    time: float
    outcome: Outcome
    target: ToolTarget | None
    gripper: float | None
    seconds: float
    braking: bool
    findings: tuple[Finding, ...]

    @property
    def why(self) -> str:
        """What the gravest of the findings say."""
        return "; ".join(f"{f.check}: {f.why}" for f in self.findings if f.outcome == self.outcome and f.why)
