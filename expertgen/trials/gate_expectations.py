"""What is expected of recorded trials: an honest log, the order as drawn, sound records, commands within limits."""

from __future__ import annotations

from expertgen.gates.expectation import Expectation, each, each_of
from expertgen.params.gates import TrialGateParams
from expertgen.trials.gate_tables import AS_BEGUN, AS_DRAWN, AS_LOGGED, AS_WRITTEN

_KEY = "gates.trials"
LINES = [each_of("the log's chain is intact", "chain", [AS_WRITTEN])]


def sessions(limits: TrialGateParams) -> list[Expectation]:
    """One row per protocol."""
    return [
        each_of("the protocol is the one the log was begun with", "protocol", [AS_BEGUN]),
        each_of("trials were made in the drawn order", "order", [AS_DRAWN]),
        each("all trials are scored", "unscored", most=0, unit="trials"),
        each("the log says that it has ended", "ended", least=1),
        each("few invalid attempts", "invalid", most=limits.invalid, unit="of all", keys=[f"{_KEY}.invalid"]),
    ]


def trials(limits: TrialGateParams) -> list[Expectation]:
    """One row per attempt that counts. What is sent has passed the safety filter: a broken limit here is a defect."""
    return [
        each_of("records are as logged", "record", [AS_LOGGED]),
        each("images of at least one camera", "cameras", least=1, unit="cameras"),
        each("no black frame", "brightness", least=limits.brightness, unit="of 255", keys=[f"{_KEY}.brightness"]),
        each("no empty frame", "contrast", least=limits.contrast, unit="of 255", keys=[f"{_KEY}.contrast"]),
        each("frames change while the arm moves", "frozen_rad", most=limits.frozen_travel, unit="rad",
             keys=[f"{_KEY}.frozen_travel"]),
        each("finite commands", "nonfinite", most=0, unit="values"),
        each("commands within the workspace", "outside_workspace_m", most=limits.outside_workspace, unit="m",
             keys=[f"{_KEY}.outside_workspace"]),
        each("no jump of position", "position_jump_m", most=limits.position_jump, unit="m",
             keys=[f"{_KEY}.position_jump"]),
        each("no jump of rotation", "rotation_jump_rad", most=limits.rotation_jump, unit="rad",
             keys=[f"{_KEY}.rotation_jump"]),
        each("joints away from their limits", "joint_margin_rad", least=limits.joint_margin, unit="rad",
             keys=[f"{_KEY}.joint_margin"]),
        each("joints within their speed", "joint_speed", most=limits.joint_speed, unit="of the limit",
             keys=[f"{_KEY}.joint_speed"]),
    ]
