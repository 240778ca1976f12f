"""Relations between the parameters of a robot's control that no single range can state."""

from __future__ import annotations

from expertgen.params.checks import Problems
from expertgen.params.robot import JointLimitsParams, PoseParams, RobotParams

_SLACK = 1 + 1e-9  # 0.5 / 5.0 may exceed 1 / 10.0 in the last bit
JOINTS = 7


def check_robot(robot: RobotParams, problems: Problems) -> None:
    """Add to `problems` every relation that `robot` breaks."""
    _box(robot, problems)
    for name in ("fr3", "panda"):
        _joints(f"robot.joints.{name}", getattr(robot.joints, name), robot.joints.margin, problems)
    if len(robot.contact.joints) != JOINTS:
        problems.add("robot.contact.joints", f"{len(robot.contact.joints)} numbers", f"{JOINTS}, in Nm")
    for name in ("force", "torque"):
        threshold = getattr(robot.contact, name)
        _at_most(f"robot.contact.{name}.hold", threshold.hold, f"robot.contact.{name}.stop", threshold.stop, problems)
    errors = robot.rotation_error
    _at_most("robot.rotation_error.clamp", errors.clamp, "robot.rotation_error.hold", errors.hold, problems)
    for kind in ("position", "rotation"):
        _motion(robot, kind, problems)
    _times(robot, problems)


def _motion(robot: RobotParams, kind: str, problems: Problems) -> None:
    def of(section: PoseParams) -> float:
        return float(getattr(section, kind))

    _at_most(f"robot.step.{kind}", of(robot.step), f"robot.jump.{kind}", of(robot.jump), problems)
    _at_most(f"robot.step.{kind}", of(robot.step), f"robot.lead.{kind}", of(robot.lead), problems)
    least = of(robot.speed) * robot.rates.control
    if of(robot.braking) * _SLACK < least:
        expected = f"at least {least:g}: robot.speed.{kind} is brought to rest within a control period"
        problems.add(f"robot.braking.{kind}", f"{of(robot.braking):g}", expected)


def _times(robot: RobotParams, problems: Problems) -> None:
    period, ages, policy = 1 / robot.rates.control, robot.ages, robot.policy
    most = 2 * period - 1 / robot.rates.watch
    if ages.camera > most * _SLACK:
        expected = f"at most {most:.3g}: a camera that stops is to be noticed within two control periods"
        problems.add("robot.ages.camera", f"{ages.camera:g}", expected)
    _at_most("robot.ages.arm", ages.arm, "a control period", period, problems)
    _at_most("robot.policy.patience", policy.patience, "a control period", period, problems)
    _at_most("robot.policy.ahead", policy.ahead, "robot.policy.execute - 1", policy.execute - 1, problems)
    least = (policy.execute + policy.ahead) * period + ages.camera + policy.patience
    if ages.action * _SLACK < least:
        expected = f"at least {least:.3g}: the last action of a chunk is that old when it is due"
        problems.add("robot.ages.action", f"{ages.action:g}", expected)
    _at_most("robot.rates.watch", robot.rates.watch, "robot.rates.stream", robot.rates.stream, problems)


def _box(robot: RobotParams, problems: Problems) -> None:
    low, high = robot.workspace.low, robot.workspace.high
    for name, corner in (("low", low), ("high", high)):
        if len(corner) != 3:
            problems.add(f"robot.workspace.{name}", f"{len(corner)} numbers", "three, in m")
    if len(low) == len(high) == 3 and any(a >= b for a, b in zip(low, high, strict=True)):
        problems.add("robot.workspace.low", str(list(low)), f"below robot.workspace.high ({list(high)})")


def _joints(key: str, limits: JointLimitsParams, margin: float, problems: Problems) -> None:
    lists = {name: getattr(limits, name) for name in ("lower", "upper", "speed")}
    for name, values in lists.items():
        if len(values) != JOINTS:
            problems.add(f"{key}.{name}", f"{len(values)} numbers", f"{JOINTS}, one for each joint")
    if all(len(values) == JOINTS for values in lists.values()):
        narrow = any(a + margin >= b - margin for a, b in zip(limits.lower, limits.upper, strict=True))
        if narrow:
            problems.add(f"{key}.lower", str(list(limits.lower)), f"below upper by more than two margins ({margin:g})")


def _at_most(key: str, value: float, name: str, most: float, problems: Problems) -> None:
    if value > most * _SLACK:
        problems.add(key, f"{value:g}", f"at most {name} ({most:g})")
