"""The arm's network interface: TCP for what a client asks, UDP for states and commands, as libfranka speaks them."""

from __future__ import annotations

import socket
import struct

from franky_sim.franka_robot_protocol import (
    BaseCommand,
    MoveCommandControllerMode,
    MoveCommandMotionGeneratorMode,
    MoveStatus,
    RobotCommand,
    RobotMode,
    StateControllerMode,
    UDPCommand,
)
from franky_sim.franka_robot_server import ControlMode
from franky_sim.franka_server import FrankaServer

from expertgen.emulation import wire
from expertgen.emulation.arm_commands import COMMANDS
from expertgen.emulation.controller import Controller
from expertgen.emulation.report import robot_state

PORT, VERSION = 1337, 10
_MODES = {
    MoveCommandMotionGeneratorMode.kJointPosition: ControlMode.POSITION,
    MoveCommandMotionGeneratorMode.kJointVelocity: ControlMode.VELOCITY,
    MoveCommandMotionGeneratorMode.kCartesianPosition: ControlMode.CARTESIAN_POSITION,
    MoveCommandMotionGeneratorMode.kCartesianVelocity: ControlMode.CARTESIAN_VELOCITY,
}
_DRIVEN = {
    MoveCommandControllerMode.kJointImpedance: StateControllerMode.kJointImpedance,
    MoveCommandControllerMode.kCartesianImpedance: StateControllerMode.kCartesianImpedance,
    MoveCommandControllerMode.kExternalController: StateControllerMode.kExternalController,
}


class ArmServer(FrankaServer):
    """One client at a time. States are numbered; `command` is the newest the client sent, with the number of the state
    that it answers. stopped: the emergency stop is pressed. cut: no packet goes through, as with the cable out."""

    def __init__(self, controller: Controller, host: str) -> None:
        self.controller = controller
        self.robot = controller.kinematics  # of which franky-sim's commands set tool and load
        self.stopped = self.cut = False
        self.number = 0
        self.motions = 0  # whose first command has come, since the beginning
        self._forget()
        super().__init__([host], PORT, COMMANDS, VERSION)

    def _forget(self) -> None:
        self.current_motion_id = 0
        self.command: UDPCommand | None = None
        self._driven = StateControllerMode.kOther
        self._last = b""

    def _reset_state(self) -> None:
        """The client has gone, or another has come."""
        if self.current_motion_id:
            self.controller.end()
        self._forget()

    # What the client asks

    def start_motion(
        self, driven: MoveCommandControllerMode, generator: MoveCommandMotionGeneratorMode, motion: int
    ) -> None:
        """Follow the client from its first command on."""
        torque = driven is MoveCommandControllerMode.kExternalController
        self.current_motion_id, self.command, self._driven = motion, None, _DRIVEN[driven]
        self.controller.begin(ControlMode.TORQUE if torque else _MODES[generator])

    def stop_motion(self, status: MoveStatus) -> None:
        """End the motion, if there is one, and tell the client how it ended."""
        motion, self.current_motion_id = self.current_motion_id, 0
        self.command, self._driven = None, StateControllerMode.kOther
        self.controller.end()
        if motion and self._tcp_socket is not None and not self.cut:
            BaseCommand.send_response(self._tcp_socket, RobotCommand.kMove, motion, status)

    def trip(self, errors: list[str], status: MoveStatus = MoveStatus.kReflexAborted) -> None:
        """A reflex: the motion ends with `errors`, and no other begins until the client recovers from them."""
        self.controller.trip(errors)
        self.stop_motion(status)

    def press_stop(self) -> None:
        """The emergency stop: whatever moves comes to rest, and nothing moves until it is released."""
        self.stopped = True
        self.stop_motion(MoveStatus.kEmergencyAborted)

    # Packets

    @property
    def sockets(self) -> list[socket.socket]:
        """Those on which something may come."""
        return [] if self.cut else wire.sockets(self, free=not self.current_motion_id)

    def _handle_udp_command(self, command_data: bytes) -> None:
        command = UDPCommand.from_bytes(command_data)
        if self.current_motion_id and command.message_id > (self.command.message_id if self.command else 0):
            self.motions += self.command is None
            self.command = command

    def finish_if_told(self) -> bool:
        """End the motion if the client's newest command says so; whether it does."""
        told = self.command is not None and (
            self.command.motion_generation_finished or self.command.torque_command_finished
        )
        if told:
            self.stop_motion(MoveStatus.kSuccess)
        return told

    def send_state(self, changed: bool = True) -> None:
        """The next state; if nothing has `changed` since the last, that with a new number."""
        self.number += 1
        state = self._last[8:] if self._last and not changed else self._get_state_bytes()
        self._last = struct.pack("<Q", self.number) + state
        self.send_again()

    def send_again(self) -> None:
        """The last state once more: the client passes over it, and knows that the link lives."""
        if self._last and not self.cut:
            wire.send_packet(self, self._last)

    def _get_state_bytes(self) -> bytes:
        mode = RobotMode.kMove if self.current_motion_id else RobotMode.kIdle
        if self.stopped:
            mode = RobotMode.kUserStopped
        elif self.controller.errors:
            mode = RobotMode.kReflex
        return robot_state(self.controller, mode, self._driven).pack_state()

    def close(self) -> None:
        """Let the client go, and listen no more."""
        self.reset_state()
        self.cleanup()
