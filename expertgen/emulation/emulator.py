"""One process, one world, one loop: whoever speaks to the arm, the hand or the channel is served in turn.

Lockstep: a millisecond passes when the arm's client has answered the state before it, however long that takes, and
stands still where nothing moves. Whoever takes the clock over the channel (`remote.EmulatedClock`) lets it pass in
portions; then nothing depends on the speed of the machine. Real time: a millisecond passes every millisecond.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from typing import Literal

from franky_sim.franka_robot_protocol import UDPCommand
from franky_sim.urdf import FR3_URDF

from expertgen.emulation import wire
from expertgen.emulation.arm_server import ArmServer
from expertgen.emulation.channel import Channel
from expertgen.emulation.controller import Controller
from expertgen.emulation.hand import Hand
from expertgen.emulation.hand_server import HandServer
from expertgen.emulation.limits import joint_limits
from expertgen.emulation.operations import Operations
from expertgen.emulation.world import STEP, World
from expertgen.errors import SimulationFailed
from expertgen.params import SimulationParams

Pace = Literal["lockstep", "realtime"]
SILENCE = 20.0  # s of wall time after which a client in lockstep counts as gone
_IDLE, _ALIVE = 0.005, 0.2  # s of wall time between states where nothing moves; where a client waits
_BEGIN, _AGAIN = 0.005, 0.5  # s of wall time to the second state of a motion, and to further ones if no command comes
_QUIET, _SETTLE = 100, 3000  # steps at rest after which time stands still; after which it does in any case
_LATE = 0.05  # s by which real time may fall behind before it gives up catching up


class Emulator:
    """Serve with `turn`, again and again, until `ended`; then `close`. Raises OSError if `host`'s ports are taken."""

    def __init__(self, task: str, params: SimulationParams, host: str, pace: Pace) -> None:
        self.pace, self.host, self.ended = pace, host, False
        self.world = World(task, params)
        self.hand = Hand(self.world)
        self.controller = Controller(self.world, joint_limits(FR3_URDF))
        self.arm = ArmServer(self.controller, host)
        self.hand_server = HandServer(self.hand, host) if params.robot == "panda_hand" else None
        self.operations = Operations(self)
        self.arm.init()
        if self.hand_server is not None:
            self.hand_server.init()
        self.channel = Channel(host, self.operations.answer, self.operations.left)
        self.lose = 0  # commands of the client that get lost on the way
        self.slips = 0  # times that real time was given up
        self._changed = True  # since the last state that was told
        self._applied, self._spoke, self._begun = 0, 0.0, 0
        self._due = time.perf_counter()
        self._quiet, self._alone = 0, 0  # steps at rest, and of a world that nobody moves

    def turn(self) -> None:
        """Serve whoever speaks, and let a millisecond pass if it may."""
        if self.pace == "realtime":
            self._turn_in_real_time()
        elif self._may_pass():
            if not self.arm.current_motion_id or self.arm.cut:
                self._serve(0.0)
                self._pass(None)
            elif self.arm.command is None:
                self._begin()
            else:
                self._lockstep()
        else:
            self._stand()

    def _may_pass(self) -> bool:
        """In lockstep: by the clock's owner, or because something moves that nobody holds the clock over."""
        if self.operations.clock.taken:
            return self.operations.clock.open()
        busy = self.arm.current_motion_id or not self.controller.settled
        busy = busy or (self.hand_server is not None and self.hand_server.busy) or not self.hand.arrived
        if busy:
            self.wake()
            return True
        self._alone += 1
        self._quiet = self._quiet + 1 if self.world.at_rest() else 0
        return self._quiet < _QUIET and self._alone < _SETTLE

    def wake(self) -> None:
        """Something was changed that may set things moving: let time pass until all is quiet again."""
        self._quiet, self._alone = 0, 0

    def _stand(self) -> None:
        """Time stands still: who connects, or asks for the state, is answered all the same."""
        if self.arm.current_motion_id and self.arm.command is None and not self.arm.cut:
            self._begin()
            return
        if self._serve(_IDLE):
            self._changed = True
            return
        now = time.perf_counter()
        if not self.arm.current_motion_id:
            self._tell(self._changed)
            self._changed = False
            return
        if self.hand_server is not None:  # whose client asks for a state by waiting for one
            self.hand_server.send()
        if now - self._spoke > _ALIVE:
            self.arm.send_again()
            self._spoke = now

    def _begin(self) -> None:
        """A motion is to begin: the client takes two states before it commands anything, and no time passes. A third
        is sent only if none comes for long, as it may have taken two for one."""
        if self._begun != self.arm.current_motion_id:
            self._begun, wait = self.arm.current_motion_id, 0.0
        else:
            wait = _BEGIN if self.arm.number == self._applied + 1 else _AGAIN
        self._wait(lambda: self.arm.command is not None, wait)
        if self.arm.current_motion_id and self.arm.command is None:
            if wait == 0.0:
                self._applied = self.arm.number
            self.arm.send_state()

    def _lockstep(self) -> None:
        """Tell the client the state, wait for its answer, let the millisecond pass."""
        if self.arm.number == self._applied:
            self.arm.send_state()

        def answered() -> bool:
            return self.arm.command is not None and self.arm.command.message_id >= self.arm.number

        self._wait(answered, SILENCE)
        if self.arm.current_motion_id and not answered():
            self.arm.trip(["communication_constraints_violation"])
        self._applied = self.arm.number
        self._pass(self.arm.command)

    def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        """Serve until `done`, or the motion or the emulation ends, for `seconds` of wall time at most."""
        end = time.perf_counter() + seconds
        while not done() and self.arm.current_motion_id and not self.arm.cut and not self.ended:
            left = end - time.perf_counter()
            if left <= 0:
                return
            self._serve(min(left, 0.5))

    def _turn_in_real_time(self) -> None:
        while (left := self._due - time.perf_counter()) > 0 and not self.ended:
            self._serve(left)
        self._serve(0.0)
        if -left > _LATE:
            self._due, self.slips = time.perf_counter(), self.slips + 1
        self._due += STEP
        command = self.arm.command
        fresh = command is not None and command.message_id > self._applied
        if fresh and command is not None:
            self._applied = command.message_id
        self._pass(command if fresh else None)
        self.arm.send_state()

    def _pass(self, command: UDPCommand | None) -> None:
        """One millisecond, with the client's `command` for it, if it sent one."""
        self._changed = True
        if self.lose > 0:
            self.lose, command = self.lose - 1, None
        if command is not None:
            self.arm.finish_if_told()
        following = self.arm.current_motion_id and (self.arm.command is not None or self.arm.cut)
        errors = self.controller.follow(command) if following else []
        if errors:
            self.arm.trip(errors)
        if errors or not following:
            self.controller.hold()
        self.hand.step()
        self.world.step(self.controller.torques)
        errors = self.controller.check()
        if errors:
            self.arm.trip(errors)
        if not self.world.sound():
            raise SimulationFailed("The emulated world diverged: its state is not finite any more.")
        if self.hand_server is not None:
            self.hand_server.step()
            if self.world.steps % 10 == 0:
                self.hand_server.send()
        if not self.arm.current_motion_id and self.pace == "lockstep" and self.world.steps % 5 == 0:
            self._tell()
        self.operations.clock.passed()

    def _tell(self, changed: bool = True) -> None:
        """States that no one has to answer."""
        self.arm.send_state(changed)
        self._applied = self.arm.number
        if self.hand_server is not None:
            self.hand_server.send()

    def _serve(self, seconds: float) -> bool:
        """Whether something came within `seconds` of wall time; it is served."""
        parts = [part for part in (self.arm, self.hand_server) if part is not None]
        sockets = [one for part in parts for one in part.sockets] + self.channel.sockets
        ready = select.select(sockets, [], [], max(seconds, 0.0))[0]
        if not ready:
            return False
        for part in parts:
            came = [one for one in part.sockets if one in ready]
            if came:
                wire.serve(part, came)
        self.channel.serve(ready)
        return True

    def close(self) -> None:
        """Let everyone go, and free the ports."""
        self.channel.close()
        if self.hand_server is not None:
            self.hand_server.close()
        self.arm.close()
