"""The safety filter's check of joints: would a target bring a joint or the whole arm too near to where it cannot go?"""

from __future__ import annotations

import numpy as np

from expertgen.geometry import rotation_log
from expertgen.robots.kinematics import Solution, Tool, forward, solve
from expertgen.robots.limits import Limits
from expertgen.robots.robot import ArmState, ToolTarget
from expertgen.robots.safety_checks import partly
from expertgen.robots.safety_data import Finding, Given, Memory, Outcome, Wish

_SHARES = (1.0, 0.5, 0.25, 0.125)  # of a step, that are tried in turn
_REACHED = (2e-3, 1e-2)  # m, rad


def joints(given: Given, wish: Wish, rest: Wish, limits: Limits, memory: Memory) -> Finding:
    """As much of the step as keeps every joint and the Jacobian off their limits; none of it: hold."""
    wrong = "" if given.arm is None or memory.tool is None else disagreement(given.arm, memory.tool, limits)
    if wrong:
        return Finding("joints", Outcome.HOLD, wish, rest, wrong)
    if wish.rests:  # which was seen to
        return Finding("joints", Outcome.PASS, wish, wish)
    first = ""
    for share in _SHARES:
        left = partly(given, wish, share, share)
        why = refused(given, left.target, limits, memory)
        if not why:
            return Finding("joints", Outcome.CLAMP if first else Outcome.PASS, wish, left, first)
        first = first or why
    return Finding("joints", Outcome.HOLD, wish, rest, first)


def refused(given: Given, target: ToolTarget, limits: Limits, memory: Memory) -> str:
    """Why the arm is not to go to `target`, "" if it may: by the joints nearest to where they are now."""
    if given.arm is None or memory.tool is None:
        return "the arm's state is unknown"
    then = solve(given.arm.joints, target.position, target.rotation, memory.tool)
    now = solve(given.arm.joints, given.standing.position, given.standing.rotation, memory.tool)
    why = beyond(then, limits)
    if why:
        return why
    fast = np.abs(then.joints - now.joints) / limits.joint_step
    if not fast.max() <= 1:
        return f"joint {fast.argmax() + 1} at {fast.max():.2f} of the speed it may have"
    return ""


def beyond(solution: Solution, limits: Limits) -> str:
    """Which limit the joints of a `solution` break, "" if none."""
    if not (solution.position_error <= _REACHED[0] and solution.rotation_error <= _REACHED[1]):
        return f"out of reach by {solution.position_error:.3f} m, {solution.rotation_error:.3f} rad"
    low, high = limits.joints
    over = np.maximum(low - solution.joints, solution.joints - high)
    if not over.max() <= 0:
        return f"joint {over.argmax() + 1} would be {over.max():.3f} rad into its margin"
    if not solution.singularity >= limits.params.joints.singularity:
        return f"a singular value of {solution.singularity:.4f}"
    return ""


def disagreement(arm: ArmState, tool: Tool, limits: Limits) -> str:
    """How the tool's pose that the arm reports contradicts its joints, "" if they agree."""
    position, rotation, _ = forward(arm.joints, tool)
    far = float(np.linalg.norm(position - arm.position))
    turned = float(np.linalg.norm(rotation_log(rotation.T @ arm.rotation)))
    most = limits.params.joints.agreement
    if far <= most.position and turned <= most.rotation:
        return ""
    return f"the reported tool is {far:.3f} m, {turned:.3f} rad from where the reported joints put it"
