"""The safety filter's checks but for that of the joints: small pure functions, each of which passes a wish on, clamps
it, holds or stops. What they find goes on to the next; a hold goes on as the wish to come to rest.

`rest` is the wish to come to rest, reckoned beforehand, for it has to keep the limits too.
"""

from __future__ import annotations

import math

import numpy as np

from expertgen.geometry import rotation_from_6d, rotation_log
from expertgen.robots.interpolation import rotation_exp
from expertgen.robots.limits import Limits
from expertgen.robots.robot import ArmState, Array, ToolTarget
from expertgen.robots.safety_data import Finding, Given, Memory, Outcome, Wish

_FUTURE = 0.02  # s, by which two readings of one clock may be out of order
_STANDING = 1e-3  # m and the like, by which the arm's own record of what was sent may differ from what may be sent
_HUGE = 1e6  # no number that a robot tells or is told; NaN and infinity are not below it
_ROUND = 1 - 1e-9  # a clamped step stays below its cap when it is measured again


def finite(given: Given, rest: Wish, limits: Limits) -> Finding:
    """The action's shape, its numbers and its rotation; with them all other numbers that the checks reckon with."""
    wrong = _untrusted(given, limits)
    if wrong:
        return Finding("finite", Outcome.STOP, given.action, rest, wrong)
    if given.action is None:
        return Finding("finite", Outcome.PASS, None, rest, "no action")
    try:
        action = np.asarray(given.action, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return Finding("finite", Outcome.HOLD, given.action, rest, "the action is no array of numbers")
    if action.shape != (10,):
        return Finding("finite", Outcome.HOLD, given.action, rest, f"the action has shape {action.shape}, not (10,)")
    if not (np.abs(action) < _HUGE).all():
        return Finding("finite", Outcome.HOLD, given.action, rest, "the action holds NaN, infinity or worse")
    columns = action[3:9].reshape(2, 3)
    error, most = float(np.abs(columns @ columns.T - np.eye(2)).max()), limits.params.rotation_error
    if error > most.hold:
        return Finding("finite", Outcome.HOLD, given.action, rest, f"the rotation is off by {error:.3g}")
    outcome = Outcome.PASS
    if error > most.clamp or abs(action[9]) > 1 + most.hold:
        outcome = Outcome.CLAMP
    target = ToolTarget(action[:3].copy(), rotation_from_6d(action[3:9]))
    wish = Wish(target, float(np.clip(action[9], -1, 1)), limits.period)
    return Finding("finite", outcome, given.action, wish, "normalised" if outcome else "")


def _untrusted(given: Given, limits: Limits) -> str:
    """What is wrong with all else that was told, "" if nothing is."""
    if not math.isfinite(given.now):
        return "the clock tells no time"
    if given.arm is None:
        return "the arm's state is unknown"
    if not sound(given.arm):
        return "the arm's state holds NaN, infinity or another shape"
    low, high = limits.box
    standing = given.standing
    if not (_numbers(standing.position, (3,)) and _numbers(standing.rotation, (3, 3))
            and _numbers(given.velocity, (6,))):  # fmt: skip
        return "where the arm was sent last is no pose"
    if (standing.position < low - _STANDING).any() or (standing.position > high + _STANDING).any():
        return "the arm was sent outside of the workspace"
    if not _proper(standing.rotation):
        return "where the arm was sent last is no rotation"
    return ""


def _numbers(value: object, shape: tuple[int, ...]) -> bool:
    return (isinstance(value, np.ndarray) and value.shape == shape and value.dtype == np.float64
            and bool((np.abs(value) < _HUGE).all()))  # fmt: skip


def _proper(rotation: Array) -> bool:
    return bool(np.abs(rotation @ rotation.T - np.eye(3)).max() < _STANDING) and float(np.linalg.det(rotation)) > 0


def sound(arm: ArmState) -> bool:
    """All numbers of an arm's state are there and are numbers."""
    shapes = ((arm.joints, (7,)), (arm.joint_velocities, (7,)), (arm.position, (3,)), (arm.rotation, (3, 3)),
              (arm.wrench, (6,)), (arm.external_torques, (7,)))  # fmt: skip
    return all(_numbers(value, shape) for value, shape in shapes) and _proper(arm.rotation)


def ages(given: Given, wish: Wish, rest: Wish, limits: Limits, memory: Memory) -> Finding:
    """How old what the arm, the gripper and the cameras told is, and what the action was predicted from."""
    most = limits.params.ages
    told = [("arm", given.arm.time if given.arm else math.nan, most.arm), ("cameras", given.cameras, most.camera)]
    if given.gripper is not None:
        told.append(("gripper", given.gripper.time, most.gripper))
    if given.action is not None:
        told.append(("action", given.seen, most.action))
    old = [] if given.now >= memory.time else ["the clock went back"]
    old += [given.blind] if given.blind else []
    for name, time, most_age in told:
        age = given.now - time
        if not -_FUTURE <= age <= most_age:
            old.append(f"{name} is of {age:.3g} s ago, at most {most_age:g}")
    return _held("age", wish, rest, "; ".join(old))


def box(given: Given, wish: Wish, rest: Wish, limits: Limits) -> Finding:
    """The workspace; what lies far outside of it is a fault rather than a wish."""
    low, high = limits.box
    kept = np.clip(wish.target.position, low, high)
    outside = float(np.linalg.norm(wish.target.position - kept))
    if outside == 0:
        return Finding("workspace", Outcome.PASS, wish, wish)
    if outside > limits.params.workspace.beyond:
        return Finding("workspace", Outcome.HOLD, wish, rest, f"{outside:.3f} m outside")
    left = Wish(ToolTarget(kept, wish.target.rotation), wish.gripper, wish.seconds, wish.rests)
    return Finding("workspace", Outcome.CLAMP, wish, left, f"{outside:.3f} m outside")


def step(given: Given, wish: Wish, rest: Wish, limits: Limits) -> Finding:
    """Jumps, the largest step, and by it the largest speed; how far the target is before the tool."""
    standing, params = given.standing, limits.params
    way, arc = wish.target.position - standing.position, rotation_log(standing.rotation.T @ wish.target.rotation)
    far, turn = float(np.linalg.norm(way)), float(np.linalg.norm(arc))
    if far > params.jump.position or turn > params.jump.rotation:
        return Finding("step", Outcome.HOLD, wish, rest, f"a jump of {far:.3f} m, {turn:.3f} rad")
    left, why = wish, ""
    if far > limits.most_position or turn > limits.most_rotation:
        share = min(1.0, limits.most_position * _ROUND / max(far, 1e-12))
        share_turn = min(1.0, limits.most_rotation * _ROUND / max(turn, 1e-12))
        left, why = partly(given, wish, share, share_turn), f"{far:.3f} m, {turn:.3f} rad"
    if not wish.rests and given.arm is not None:
        lead = float(np.linalg.norm(left.target.position - given.arm.position))
        turned = float(np.linalg.norm(rotation_log(given.arm.rotation.T @ left.target.rotation)))
        if lead > params.lead.position or turned > params.lead.rotation:
            why = f"{lead:.3f} m, {turned:.3f} rad before the tool, which does not follow"
            return Finding("step", Outcome.HOLD, wish, rest, why)
    return Finding("step", Outcome.CLAMP if why else Outcome.PASS, wish, left, why)


def partly(given: Given, wish: Wish, share: float, share_turn: float) -> Wish:
    """`wish`, but only a share of its way and of its turn from where the arm stands."""
    standing = given.standing
    way, arc = wish.target.position - standing.position, rotation_log(standing.rotation.T @ wish.target.rotation)
    low, high = (f(standing.position, wish.target.position) for f in (np.minimum, np.maximum))
    position = wish.target.position if share >= 1 else np.clip(standing.position + share * way, low, high)
    rotation = wish.target.rotation if share_turn >= 1 else standing.rotation @ rotation_exp(share_turn * arc)
    return Wish(ToolTarget(position, rotation), wish.gripper, wish.seconds, wish.rests)


def contact(given: Given, wish: Wish, rest: Wish, limits: Limits) -> Finding:
    """What the arm feels from outside, its own reflexes, and the gripper's faults."""
    arm, most = given.arm, limits.params.contact
    if arm is None:
        return Finding("contact", Outcome.STOP, wish, rest, "the arm's state is unknown")
    grave = [f"the arm is in mode {arm.mode}"] if arm.mode not in ("idle", "moving", "holding") else []
    grave += [f"the arm says {error}" for error in arm.errors]
    if given.gripper is not None and given.gripper.fault:
        grave.append(f"the gripper says {given.gripper.fault}")
    force, torque = float(np.linalg.norm(arm.wrench[:3])), float(np.linalg.norm(arm.wrench[3:]))
    grave += [f"a force of {force:.1f} N"] if not force <= most.force.stop else []
    grave += [f"a torque of {torque:.1f} Nm"] if not torque <= most.torque.stop else []
    if not (np.abs(arm.external_torques) <= limits.joint_torques).all():
        grave.append(f"{np.abs(arm.external_torques).max():.1f} Nm at a joint")
    if grave:
        return Finding("contact", Outcome.STOP, wish, rest, "; ".join(grave))
    yields = not wish.rests and float((wish.target.position - given.standing.position) @ arm.wrench[:3]) > 0
    mild = f"a force of {force:.1f} N" if force > most.force.hold and not yields else ""
    if torque > most.torque.hold:
        mild = f"a torque of {torque:.1f} Nm"
    return _held("contact", wish, rest, mild)


def late(given: Given, wish: Wish, rest: Wish) -> Finding:
    """A period for which the policy has no action."""
    return _held("late", wish, rest, "" if given.action is not None else given.missing or "no action")


def abort(given: Given, wish: Wish, rest: Wish, limits: Limits, memory: Memory, holds: bool) -> Finding:
    """Too many holds, this one counted, within a while."""
    most = limits.params.abort
    lately = sum(given.now - most.seconds < time <= given.now for time in memory.holds) + holds
    if holds and lately >= most.holds:
        return Finding("abort", Outcome.STOP, wish, rest, f"{lately} holds within {most.seconds:g} s")
    return Finding("abort", Outcome.PASS, wish, wish)


def _held(check: str, wish: Wish, rest: Wish, why: str) -> Finding:
    return Finding(check, Outcome.HOLD if why else Outcome.PASS, wish, rest if why else wish, why)
