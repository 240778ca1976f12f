"""The Franka hand's network interface, over the world's fingers."""

from __future__ import annotations

import contextlib
import socket
from enum import IntEnum
from typing import Any

from franky_sim.franka_gripper_protocol import GripperCommandStatus
from franky_sim.franka_gripper_server import FrankaGripperServer, _MotionState
from franky_sim.franka_server import BaseCommand

from expertgen.emulation import wire
from expertgen.emulation.hand import STRONGEST, Hand


class _Robot:
    """What franky-sim's server asks of a robot."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    @property
    def hand_width(self) -> float:
        return self._hand.width

    def set_hand_goal(self, width: float, max_velocity: float, max_force: float) -> None:
        self._hand.go(width, max_velocity, max_force or STRONGEST)


class HandServer(FrankaGripperServer):
    """commands: how many it was given since it began. A command that another one ends, is told so."""

    def __init__(self, hand: Hand, host: str) -> None:
        self.hand, self.commands, self.cut = hand, 0, False
        super().__init__(_Robot(hand), host)
        self._max_width = hand.widest

    @property
    def busy(self) -> bool:
        """Whether a command is being carried out."""
        return self._motion_state is not _MotionState.IDLE

    @property
    def sockets(self) -> list[socket.socket]:
        return [] if self.cut else wire.sockets(self, free=not self.busy)

    def _post_process_commands(self) -> None:
        """Progress is looked at once a step, see `step`, not whenever something comes."""

    def step(self) -> None:
        """After a step of the world: whether what is being done is done."""
        if not self.busy:
            return
        if self.hand.dead:
            self._motion_state = _MotionState.IDLE
            self._answer(GripperCommandStatus.kFail)
        else:
            self._check_motion_state()

    def _start_motion(
        self, motion_state: _MotionState, command_type: IntEnum, command_id: int, tcp_socket: socket.socket
    ) -> None:
        self._answer(GripperCommandStatus.kAborted)
        self.commands += 1
        super()._start_motion(motion_state, command_type, command_id, tcp_socket)

    def stop(self, command_id: int, tcp_socket: socket.socket) -> None:
        self._answer(GripperCommandStatus.kAborted)
        self.commands += 1
        super().stop(command_id, tcp_socket)

    def _answer(self, status: GripperCommandStatus) -> None:
        """Tell whoever waits how it ended."""
        pending: Any = self  # franky-sim's names have no types
        number, peer, command = pending._pending_command_id, pending._pending_tcp_socket, pending._pending_command_type
        if number is not None and peer is not None:
            BaseCommand.send_response(peer, command, number, status, command_type_struct="H", status_type_struct="H")
        self._pending_command_id = None
        self._pending_tcp_socket = None
        self._pending_command_type = None

    def _reset_state(self) -> None:
        """The client has gone: what it asked for last is carried out all the same."""
        self._pending_command_id = self._pending_tcp_socket = self._pending_command_type = None
        self._motion_state = _MotionState.IDLE

    def send(self) -> None:
        """Tell the client the state."""
        if not self.cut:
            with contextlib.suppress(OSError):
                self.send_state()

    def close(self) -> None:
        self.reset_state()
        self.cleanup()
