"""A Franka Research 3 through franky-control: follows a stream of poses by impedance, and resets by joint motions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from expertgen.geometry import quaternion_to_rotation, rotation_to_quaternion
from expertgen.robots.connect import Client, Clock, MachineClock, require_package
from expertgen.robots.faults import RobotFault
from expertgen.robots.robot import ArmState, Array, Mode, ToolTarget

_SESSION = "expertgen.robots.franka_session:FrankaSession"
_PERIOD = 0.02  # s between looks at a motion that is waited for
_REST = 0.02  # rad/s, below which the arm is at rest
_ARRIVED = 0.01  # rad
_SETTLING = 2.0  # s from the end of what is commanded until the arm has followed
_STOPPING = 0.5  # s that a motion has to come to rest by itself
_RECOVERY = 15.0  # s: the arm's own recovery may take some


class FrankaArm:
    """The arm at `address`, whose tool is at `flange_T_tool` (4, 4), by default Franka's own hand.

    Whatever end effector the arm is set up with, poses here are of that tool. `timeout`: s of wall time that the client
    has for an answer. Stiffness in N/m and Nm/rad; damping in Ns/m and Nms/rad: a target that moves is followed a tenth
    of a second late, as students' simulated arms do. (franky's own damping is for a mass of 1 kg; the arm resists like
    5 to 12 kg at its tool, and overshoots with it.) clip in m and rad, beyond which a target pulls no harder; forces
    and torques: at which the arm's reflex stops it, N and Nm: one for all, or six of the tool and seven of the joints.
    realtime: False off the robot.
    Raises RobotFault if it is not there, MissingInput without franky.
    """

    def __init__(
        self, address: str, flange_T_tool: Array | None = None, *, clock: Clock | None = None, timeout: float = 0.25,
        connect_timeout: float = 10.0, motion_timeout: float = 60.0, realtime: bool = True,
        stiffness: tuple[float, float] = (2000.0, 150.0), damping: tuple[float, float] = (200.0, 15.0),
        clip: tuple[float, float] = (0.03, 0.2),
        forces: float | Sequence[float] = 30.0, torques: float | Sequence[float] = 20.0,
    ) -> None:  # fmt: skip
        require_package("franky", "the driver of Franka's arm")
        self._clock: Clock = clock or MachineClock()
        self._timeout, self._connect_timeout, self._motion_timeout = timeout, connect_timeout, motion_timeout
        self._name, self._stopped, self._sending = f"arm at {address}", False, threading.Lock()
        self._told, self._changed = -np.inf, self._clock.now()
        self._options = {"address": address, "stiffness": stiffness, "damping": damping, "clip": clip,
                         "forces": forces, "torques": torques, "realtime": realtime}  # fmt: skip
        self._flange_T_tool = hand_tool() if flange_T_tool is None else np.asarray(flange_T_tool, dtype=np.float64)
        self._client = self._connect()

    def observe(self) -> ArmState:
        told = self._call("state")
        now = self._clock.now()
        if told["time"] != self._told:
            self._told, self._changed = told["time"], now
        elif now - self._changed > self._timeout:
            raise RobotFault(f"{self._name}: its state has stood still for {now - self._changed:.2f} s.")
        base_T_tool = told["base_T_ee"] @ np.linalg.inv(told["flange_T_ee"]) @ self._flange_T_tool
        return ArmState(
            self._changed, told["joints"], told["velocities"], base_T_tool[:3, 3], base_T_tool[:3, :3], told["wrench"],
            told["torques"], self._mode(told["mode"], told["velocities"]), told["errors"],
        )  # fmt: skip

    def send(self, target: ToolTarget) -> ToolTarget:
        position = np.asarray(target.position, dtype=np.float64)
        rotation = np.asarray(target.rotation, dtype=np.float64)
        if position.shape != (3,) or rotation.shape != (3, 3) or not np.isfinite([*position, *rotation.flat]).all():
            raise RobotFault(f"{self._name}: a target that is no pose was not sent: {target}.")
        rotation = quaternion_to_rotation(rotation_to_quaternion(rotation))  # a proper one, whatever was given
        with self._sending:  # so that nothing follows a stop
            if self._stopped:
                raise RobotFault(f"{self._name}: it was stopped; recover it first.")
            self._call("track", self._end_effector(position, rotation))
        return ToolTarget(position, rotation)

    def stop(self) -> None:
        self._stopped = True
        with self._sending:
            self._call("halt")
        until = self._clock.now() + _STOPPING
        while self._clock.now() < until:
            told = self._call("state")
            if told["mode"] not in ("moving", "tracking") and np.abs(told["velocities"]).max() < _REST:
                return
            self._clock.sleep_until(self._clock.now() + _PERIOD)
        self._call("brake")

    def recover(self) -> None:
        """Also connects anew if the connection was lost.

        Raises RobotFault if the arm refuses, as it does while its stop button is pressed.
        """
        try:
            well = self._call("recover", timeout=_RECOVERY)
        except RobotFault:
            self._client.close()
            self._client = self._connect()
            well = self._call("recover", timeout=_RECOVERY)
        if not well:
            told = self._call("state")
            raise RobotFault(
                f"{self._name}: it cannot recover: {', '.join(told['errors']) or told['mode']}. Release the stop "
                "button, unlock the joints in Desk and take the arm out of the way, then recover again."
            )
        self._stopped = False

    def move_to_joints(self, joints: Array, speed: float) -> None:
        """Raises RobotFault if it is stopped on its way, fails, or takes longer than `motion_timeout` of the clock."""
        goal = np.asarray(joints, dtype=np.float64)
        self._go("move_joints", goal, speed)
        until = self._clock.now() + _SETTLING
        while (error := np.abs(self.observe().joints - goal).max()) > _ARRIVED:
            if self._clock.now() > until:
                raise RobotFault(f"{self._name}: it ended {error:.3f} rad from where it was to go.")
            self._clock.sleep_until(self._clock.now() + _PERIOD)

    def move_to_tool(self, target: ToolTarget, speed: float) -> None:
        """Reset: bring the tool to `target` in a straight line, and wait; raises as `move_to_joints`."""
        self._go("move_tool", self._end_effector(target.position, target.rotation), speed)

    def close(self) -> None:
        self._client.close()

    def _go(self, motion: str, goal: Array, speed: float) -> None:
        if not (0 < speed <= 1 and np.isfinite(goal).all()):
            raise RobotFault(f"{self._name}: speed is to lie in (0, 1] and the goal to be finite: {speed}, {goal}.")
        self._rest()
        with self._sending:
            if self._stopped:
                raise RobotFault(f"{self._name}: it was stopped; recover it first.")
            self._call(motion, goal, speed)
        if not self._wait(self._motion_timeout):
            self.stop()
            raise RobotFault(f"{self._name}: its motion took longer than {self._motion_timeout:g} s; it was stopped.")

    def _rest(self) -> None:
        """End the following of a stream, if there is any."""
        if self._call("busy"):
            self._call("halt")
            if not self._wait(2 * _STOPPING):
                raise RobotFault(f"{self._name}: it does not come to rest.")

    def _wait(self, seconds: float) -> bool:
        until = self._clock.now() + seconds
        while self._call("busy"):
            if self._clock.now() > until:
                return False
            self._clock.sleep_until(self._clock.now() + _PERIOD)
        if self._stopped:
            raise RobotFault(f"{self._name}: it was stopped on its way.")
        return True

    def _mode(self, told: str, velocities: Array) -> Mode:
        if told == "reflex":
            return "reflex"
        if self._stopped or told == "stopped":
            return "stopped"
        if told == "tracking":
            return "moving" if np.abs(velocities).max() > _REST else "holding"
        return "moving" if told == "moving" else "idle"

    def _end_effector(self, position: Array, rotation: Array) -> Array:
        """(4, 4): where the end effector that the arm knows of is when the tool is there."""
        base_T_tool = np.eye(4)
        base_T_tool[:3, :3], base_T_tool[:3, 3] = rotation, position
        return np.asarray(base_T_tool @ np.linalg.inv(self._flange_T_tool) @ self._flange_T_ee)

    def _connect(self) -> Client:
        client = Client(self._name, _SESSION, self._options, self._connect_timeout)
        self._told, self._changed = -np.inf, self._clock.now()
        self._flange_T_ee = client.call("state", timeout=self._connect_timeout)["flange_T_ee"]
        return client

    def _call(self, method: str, *values: object, timeout: float | None = None) -> Any:
        return self._client.call(method, *values, timeout=timeout or self._timeout)


def hand_tool() -> Array:
    """(4, 4): Franka's own hand on the flange: its fingertips' centre, turned by -45 degrees about z."""
    tool, half = np.eye(4), np.sqrt(0.5)
    tool[:2, :2] = [[half, half], [-half, half]]
    tool[2, 3] = 0.1034
    return tool
