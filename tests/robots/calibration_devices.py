"""An arm and cameras that are only numbers: what they report follows from one list of joint positions."""

from __future__ import annotations

import dataclasses

import numpy as np

from expertgen.robots.calibration_transforms import inverse, pose
from expertgen.robots.robot import ArmState, Frame
from expertgen.scenes.panda_model import HOME
from expertgen.sims.kinematics import Kinematics
from tests.robots.rendered_board import BASE_T_COLOR, TOOL_T_BOARD, Painter, tool_facing

_ARM = Kinematics()


def first_joints() -> np.ndarray:
    """(7,) rad, at which the board faces the camera at BASE_T_COLOR."""
    first = tool_facing(BASE_T_COLOR, 0.75)
    return _ARM.solve(HOME[None], first[None, :3, 3], first[None, :3, :3])[0]


class NumberArm:
    """An arm that is at once where it is sent; `changes` replace what it reports."""

    def __init__(self, joints: np.ndarray) -> None:
        self.joints, self.changes, self.sent = joints, {}, []

    @property
    def base_T_tool(self) -> np.ndarray:
        position, rotation = _ARM.forward(self.joints[None])
        return pose(rotation[0], position[0])

    def observe(self) -> ArmState:
        tool, none = self.base_T_tool, np.zeros(7)
        state = ArmState(0.0, self.joints, none, tool[:3, 3], tool[:3, :3], np.zeros(6), none, "idle")
        return dataclasses.replace(state, **self.changes)

    def move_to_joints(self, joints: np.ndarray, speed: float) -> None:
        assert 0 < speed <= 1
        self.joints = np.asarray(joints, dtype=float)
        self.sent.append(self.joints)

    def close(self) -> None: ...


class NumberCamera:
    """A camera that draws the board in the hand of `arm`, at every look a new frame unless `frozen`."""

    def __init__(self, arm: NumberArm, painter: Painter, serial: str = "112322071234") -> None:
        self.arm, self.painter, self.serial = arm, painter, serial
        self.intrinsics, self.frozen, self.number = painter.intrinsics, False, 0
        self._draw, self._last = np.random.default_rng(3), None

    def observe(self) -> Frame:
        self.number += not self.frozen
        color_T_board = inverse(BASE_T_COLOR) @ self.arm.base_T_tool @ TOOL_T_BOARD
        if self._last is None or not np.array_equal(self._last[0], color_T_board):
            colour = self.painter.draw(color_T_board, self._draw, blur=0.6)
            self._last = color_T_board, colour, self._depth(color_T_board, *colour.shape[:2])
        return Frame(0.0, self.number, self.serial, *self._last[1:])

    def _depth(self, color_T_board, height, width):
        """Of the board's plane, as if it filled the picture."""
        normal = color_T_board[:3, 2]
        along = normal @ np.linalg.inv(self.intrinsics)
        slope = along[0] * np.arange(width) + along[1] * np.arange(height)[:, None] + along[2]
        return np.clip((normal @ color_T_board[:3, 3]) / slope, 0, 6).astype(np.float32)

    def close(self) -> None: ...
