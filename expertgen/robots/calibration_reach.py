"""Joint positions from which the suggested views can be taken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from expertgen.geometry import rotation_log
from expertgen.params import CalibrationParams
from expertgen.robots.calibration_poses import suggestions, tool_targets
from expertgen.robots.calibration_transforms import inverse, pose
from expertgen.robots.robot import ArmState

Array = NDArray[np.float64]
_NEAR = (1e-3, 5e-3)  # m and rad, by which a solution may miss: views are taken where the arm says it is
_MARGIN = 0.1  # rad, to the nearer joint limit


def reachable(state: ArmState, params: CalibrationParams) -> Array:
    """(M, 7) rad, for those of the suggested poses that the arm reaches from `state`, where a person brought it.

    Knows of joint limits, and nothing of tables, cables and cameras: who watches the arm does.
    """
    from expertgen.scenes.panda_model import JOINT_LOWER, JOINT_UPPER
    from expertgen.sims.kinematics import Kinematics

    arm = Kinematics(tcp_offset=0.0, hand_yaw=0.0)
    position, rotation = arm.forward(state.joints[None])
    tool = pose(state.rotation, state.position)
    flange_T_tool = inverse(pose(rotation[0], position[0])) @ tool
    # Which way the board faces is not known yet; turns about all axes of the tool serve as well.
    targets = tool_targets(tool, np.eye(3), suggestions(params.suggested, params.tilt, params.travel))
    wanted = targets @ inverse(flange_T_tool)
    found = arm.solve(np.repeat(state.joints[None], len(wanted), axis=0), wanted[:, :3, 3], wanted[:, :3, :3])
    position, rotation = arm.forward(found)
    missed = np.linalg.norm(position - wanted[:, :3, 3], axis=-1)
    turned = np.linalg.norm(rotation_log(wanted[:, :3, :3].swapaxes(-1, -2) @ rotation), axis=-1)
    inside = ((found > JOINT_LOWER + _MARGIN) & (found < JOINT_UPPER - _MARGIN)).all(-1)
    return found[(missed < _NEAR[0]) & (turned < _NEAR[1]) & inside]
