"""How an episode's arm moves: joint limits and speeds, range and jumps of actions, the gripper's commands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expertgen.gates.recording import Array, Recording, largest
from expertgen.geometry import rotation_from_6d, rotation_log
from expertgen.scenes import panda_model as panda


@dataclass(frozen=True)
class ArmLimits:
    """Published joint limits (7,) in rad and rad/s, and the box (2, 3) of lowest and highest tool positions in m."""

    lower: Array
    upper: Array
    speed: Array
    box: Array

    @classmethod
    def panda(cls, box: Array) -> ArmLimits:
        """Those of the Franka Emika Panda, see scenes.panda_model."""
        return cls(panda.JOINT_LOWER, panda.JOINT_UPPER, panda.VELOCITY_LIMIT, box)


def motion_columns(episode: Recording, limits: ArmLimits, control_hz: float) -> dict[str, float]:
    """The worst of an episode's control steps.

    joint_margin_rad: distance to the nearer joint limit, negative beyond it. joint_speed: mean speed over a control
    step as a share of the joint's published limit. outside_workspace_m: how far commanded positions leave the box.
    position_jump_m, rotation_jump_rad: from one command to the next, and from the tool's first pose to the first
    command. gripper_error: distance of the command from -1 or 1, whichever is nearer.
    """
    joints = np.concatenate([episode.seen_joints[:1], episode.joints])
    margin = np.minimum(joints - limits.lower, limits.upper - joints)
    speed = np.abs(np.diff(joints, axis=0)) * control_hz / limits.speed
    position, gripper = episode.action[:, :3], episode.action[:, 9]
    outside = np.maximum(limits.box[0] - position, position - limits.box[1])
    path = np.concatenate([episode.tool[:1, :3, 3], position])
    return {
        "joint_margin_rad": -largest(-margin),
        "joint_speed": largest(speed),
        "outside_workspace_m": float(np.maximum(largest(outside), 0.0)),
        "position_jump_m": largest(np.linalg.norm(np.diff(path, axis=0), axis=-1)),
        "rotation_jump_rad": _rotation_jump(episode),
        "gripper_error": largest(np.abs(np.abs(gripper) - 1)),
    }


def _rotation_jump(episode: Recording) -> float:
    with np.errstate(invalid="ignore"):
        commanded = rotation_from_6d(episode.action[:, 3:9])
        path = np.concatenate([episode.tool[:1, :3, :3], commanded])
        return largest(np.linalg.norm(rotation_log(np.swapaxes(path[:-1], -1, -2) @ path[1:]), axis=-1))
