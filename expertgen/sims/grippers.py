"""From openings of two fingers, in m, to the joints and the control of each gripper, and back.

An opening is the distance of a fingertip's inner face from the middle plane between the two, in the order +y, -y of
the hand's frame: what a gripper reports as its width is their sum.
"""

from __future__ import annotations

from typing import Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from expertgen.scenes import panda_model as panda
from expertgen.scenes import robotiq

Array = NDArray[np.float64]


class Gripper(Protocol):
    """joints: the gripper's places in qpos; widest: opening of one finger in m; tcp_offset: m, from the flange."""

    joints: NDArray[np.int64]
    widest: float
    tcp_offset: float

    def openings(self, qpos: Array) -> Array:
        """(..., nq) → (..., 2) openings in m."""

    def coordinates(self, openings: Array) -> Array:
        """(n, 2) openings in m → (n, len(joints)) joint coordinates at rest there."""

    def command(self, opening: Array) -> Array:
        """Opening of one finger in m → the gripper actuator's control."""


class PandaHand:
    """Two sliding fingers: joint coordinates and control are openings."""

    widest, tcp_offset = panda.FINGER_TRAVEL, panda.TCP_OFFSET

    def __init__(self, model: mujoco.MjModel) -> None:
        self.joints = np.array([model.joint(name).qposadr[0] for name in ("finger_left", "finger_right")])

    def openings(self, qpos: Array) -> Array:
        return qpos[..., self.joints]

    def coordinates(self, openings: Array) -> Array:
        return openings

    def command(self, opening: Array) -> Array:
        return opening


class Robotiq:
    """Two 2F-85 fingers. An opening is that of the pad's middle, which may turn a little around an object; starts
    and commands go by where the linkages rest with nothing between the fingers."""

    tcp_offset = robotiq.TCP_OFFSET

    def __init__(self, model: mujoco.MjModel, samples: int = 18) -> None:
        names = [f"{robotiq.PREFIX}{side}_{link}_joint" for side in ("right", "left") for link in robotiq.LINKS]
        self.joints = np.array([model.joint(name).qposadr[0] for name in names])
        by_side = self.joints.reshape(2, -1)
        self._spring = by_side[:, robotiq.LINKS.index("spring_link")]
        self._follower = by_side[:, robotiq.LINKS.index("follower")]
        self._place(model)
        self._controls = np.linspace(0, 255, samples)
        self._rest = self._settle(model)
        self._rest_openings = self.openings(self._rest).mean(-1)
        self.widest = float(self._rest_openings[0])

    def _place(self, model: mujoco.MjModel) -> None:
        """Where, in the plane a finger moves in, the spring link turns, the follower turns on it, and the pad is:
        y outward and z towards the tip as complex numbers, m. Both fingers are alike."""
        body, pads = f"{robotiq.PREFIX}right_", [model.geom(f"{robotiq.PREFIX}right_pad{i}") for i in (1, 2)]
        pivot = model.joint(f"{body}follower_joint").id
        spring, follower, pad = (model.body(f"{body}{name}").pos for name in ("spring_link", "follower", "pad"))
        face = (pads[0].pos + pads[1].pos) / 2 - np.array([0.0, pads[0].size[1], 0.0])
        points = (spring, follower + model.jnt_pos[pivot], pad + face - model.jnt_pos[pivot])
        self._origin, self._arm, self._tip = (complex(point[1], point[2]) for point in points)

    def _settle(self, model: mujoco.MjModel) -> Array:
        """(samples, nq) at rest for each control, from open to closed, the arm held still."""
        data, servo = mujoco.MjData(model), model.actuator("gripper").id
        data.qpos[:7] = data.ctrl[:7] = panda.HOME
        rest = np.empty((len(self._controls), model.nq))
        for row, control in zip(rest, self._controls, strict=True):
            data.ctrl[servo] = control
            mujoco.mj_step(model, data, round(0.5 / model.opt.timestep))
            row[:] = data.qpos
        return rest

    def openings(self, qpos: Array) -> Array:
        spring, follower = np.exp(1j * qpos[..., self._spring]), np.exp(1j * qpos[..., self._follower])
        # Closed on nothing, the pads pass each other by a millimetre, as their contacts are off.
        return np.maximum(np.real(self._origin + spring * (self._arm + follower * self._tip)), 0.0)

    def coordinates(self, openings: Array) -> Array:
        half = len(robotiq.LINKS)
        controls = self.command(openings)
        columns = [
            np.interp(controls[:, column // half], self._controls, self._rest[:, joint])
            for column, joint in enumerate(self.joints)
        ]
        return np.stack(columns, axis=-1)

    def command(self, opening: Array) -> Array:
        return np.interp(opening, self._rest_openings[::-1], self._controls[::-1])


def gripper_of(model: mujoco.MjModel) -> Gripper:
    """The gripper in a scene made by `scenes.tabletop`."""
    names = {model.joint(i).name for i in range(model.njnt)}
    return PandaHand(model) if "finger_left" in names else Robotiq(model)
