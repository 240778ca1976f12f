"""The arm's own controller: each millisecond it takes a command, or holds, judges it, and sets the joints' torques."""

from __future__ import annotations

import numpy as np
from franky_sim.franka_robot_protocol import UDPCommand
from franky_sim.franka_robot_server import ControlMode
from numpy.typing import NDArray

from expertgen.emulation import limits
from expertgen.emulation.desired import Follower
from expertgen.emulation.kinematics import Kinematics
from expertgen.emulation.limits import JointLimits
from expertgen.emulation.touch import Touch
from expertgen.emulation.world import STEP, World
from expertgen.scenes import panda_model as panda

Array = NDArray[np.float64]
LOST = 20  # commands in a row that may be missing
_INERTIA = np.array([1.0, 1.0, 0.6, 0.6, 0.15, 0.15, 0.12])  # kg m², about what each joint turns near the ready pose
_BEYOND = 0.01  # rad by which a joint may move past its limit


class Controller:
    """Drives the arm of `world`. mode: what it follows; errors: why it ceased to, until `recover`."""

    def __init__(self, world: World, joint_limits: JointLimits) -> None:
        self.world, self.limits = world, joint_limits
        self.kinematics = Kinematics(world)
        self.touch = Touch(world, self.kinematics)
        self.follower = Follower(self.kinematics, joint_limits, world.joints)
        self.stiffness = panda.STIFFNESS.copy()
        self.mode = ControlMode.IDLE
        self.errors: tuple[str, ...] = ()
        self.reflex: tuple[str, ...] = ()  # why the last motion ended
        self.torques = np.zeros(7)  # as commanded or as the arm's own impedance has it, without gravity
        self._command: UDPCommand | None = None
        self._first, self._missing = True, 0

    @property
    def moving(self) -> bool:
        """Whether a client's commands are followed."""
        return self.mode is not ControlMode.IDLE

    @property
    def settled(self) -> bool:
        """Whether the arm holds still, as far as it is told to."""
        return not self.moving and not self.follower.desired.velocity.any()

    def begin(self, mode: ControlMode) -> None:
        """Follow a client from now on."""
        self.mode, self.reflex = mode, ()
        self._command, self._first, self._missing = None, True, 0

    def end(self) -> None:
        """Follow no one: come to rest and hold."""
        if self.mode is ControlMode.TORQUE:
            self.follower.rest(self.world.joints, self.world.velocities)
        self.mode = ControlMode.IDLE

    def trip(self, errors: list[str]) -> None:
        """Stop by reflex: no motion until `recover`."""
        self.errors = tuple(dict.fromkeys([*self.errors, *errors]))
        self.reflex = self.errors
        # What was desired may be far from where the arm is: pressing on would be no stop.
        self.follower.rest(self.world.joints, self.world.velocities)
        self.mode = ControlMode.IDLE

    def recover(self) -> None:
        self.errors = ()

    def restart(self) -> None:
        """The arm was put elsewhere: hold it there."""
        self.errors, self.mode, self.torques = (), ControlMode.IDLE, np.zeros(7)
        self.follower.rest(self.world.joints, np.zeros(7))
        self.touch.forget()

    def retool(self) -> None:
        """The tool has changed: what is desired of it too."""
        self.follower.rest(self.follower.desired.joints, np.zeros(7))
        self.touch.feel()

    def hold(self) -> None:
        """One millisecond of following no one, or of waiting for a client's first command."""
        self.follower.brake()
        self.torques = self._impedance()

    def follow(self, command: UDPCommand | None) -> list[str]:
        """One millisecond of following a client, with what it sent for it, None if nothing came; what of it breaks a
        limit. The caller steps the world thereafter, then calls `check`."""
        errors = self._take(command)
        if not errors and self.mode is not ControlMode.TORQUE:
            self.torques = self._impedance()
        return errors

    def check(self) -> list[str]:
        """What the state after a step breaks, while a client is followed."""
        self.touch.feel()
        if not self.moving:
            return []
        if self.mode is ControlMode.TORQUE and not self._first:
            tool = self.touch.pose, self.touch.jacobian
            self.follower.rest(self.world.joints, self.world.velocities, tool)
        errors, joints = self.touch.errors(), self.world.joints
        if not ((joints > self.limits.lower - _BEYOND) & (joints < self.limits.upper + _BEYOND)).all():
            errors.append("joint_position_limits_violation")
        if not (np.abs(self.world.velocities) < 1.1 * self.limits.velocity).all():
            errors.append("joint_velocity_violation")
        if not self.touch.speed < 1.1 * limits.TRANSLATION[0]:
            errors.append("cartesian_velocity_violation")
        return errors

    def _take(self, command: UDPCommand | None) -> list[str]:
        if command is None:
            self._missing += 1
            if self._missing >= LOST:
                return ["communication_constraints_violation"]
            return self._go_on()
        self._missing, self._command = 0, command
        errors = self._follow(command, self._first)
        self._first = False
        return errors

    def _follow(self, command: UDPCommand, first: bool) -> list[str]:
        elbow = float(command.elbow_c[0]) if command.valid_elbow else None
        if self.mode is ControlMode.TORQUE:
            torques = np.array(command.tau_J_d)
            errors = limits.torque_errors(self.limits, torques, self.torques, STEP)
            if not errors:
                self.torques = torques
            return errors
        if self.mode is ControlMode.POSITION:
            return self.follower.joint_position(np.array(command.q_c), first)
        if self.mode is ControlMode.VELOCITY:
            return self.follower.joint_velocity(np.array(command.dq_c))
        if self.mode is ControlMode.CARTESIAN_POSITION:
            return self.follower.tool_pose(np.array(command.O_T_EE_c).reshape(4, 4).T, elbow, first)
        return self.follower.tool_velocity(np.array(command.O_dP_EE_c), elbow)

    def _go_on(self) -> list[str]:
        """Nothing came: torques stay, and a motion goes on with the acceleration it has."""
        if self.mode is ControlMode.TORQUE or self._command is None:
            return []
        desired = self.follower.desired
        return self.follower.joint_velocity(desired.velocity + STEP * desired.acceleration)

    def _impedance(self) -> Array:
        desired, world = self.follower.desired, self.world
        error, slip = desired.joints - world.joints, desired.velocity - world.velocities
        damping = 2 * np.sqrt(self.stiffness * _INERTIA)
        wanted = self.stiffness * error + damping * slip + world.inertia(desired.acceleration) + world.coriolis()
        return np.clip(wanted, -self.limits.torque, self.limits.torque)
