"""What the channel understands: to see the world, to reset it, to own its clock, and to break things."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from expertgen.emulation.channel import Caller
from expertgen.emulation.clock import Clock
from expertgen.emulation.errors import ERRORS

if TYPE_CHECKING:
    from expertgen.emulation.emulator import Emulator


_LOOKING = ("about", "state", "success")  # requests that set nothing moving


class Refused(Exception):
    """A request that cannot be met; its text goes back to who asked."""


class Operations:
    """Each public name with a leading `do_` is a request {"do": NAME, ...}; what it returns is the answer."""

    def __init__(self, emulator: Emulator) -> None:
        self._all = emulator
        self.clock = Clock(lambda: emulator.world.steps, self._told)

    def answer(self, caller: Caller, request: dict[str, Any]) -> None:
        """Meet the request, or say why not."""
        name = request.pop("do", None)
        method: Callable[..., dict[str, Any] | None] | None = getattr(self, f"do_{name}", None)
        try:
            if method is None:
                raise Refused(f"unknown request {name!r}")
            reply = method(caller, **request)
        except (Refused, TypeError, ValueError) as error:
            caller.reply(error=str(error))
            return
        if name not in _LOOKING:
            self._all.wake()
        if reply is not None:
            caller.reply(**reply)

    def left(self, caller: Caller) -> None:
        """A caller has gone: its clock runs by itself again."""
        if self.clock.owner is caller:
            self.clock.owner = None
            self.clock.free()

    def _told(self, need: dict[str, int]) -> bool:
        """Whether as many motions have begun and as many commands come to the hand, or none can."""
        arm, hand = self._all.arm, self._all.hand_server
        begun = arm.motions >= need.get("motions", 0) or bool(self._all.controller.errors) or arm.stopped or arm.cut
        return begun and (hand is None or hand.cut or hand.commands >= need.get("hand_commands", 0))

    # Seeing

    def do_about(self, caller: Caller) -> dict[str, Any]:
        world = self._all.world
        return {"task": world.task, "robot": world.robot, "pace": self._all.pace, "host": self._all.host}

    def do_state(self, caller: Caller, age: float = 0.0) -> dict[str, Any]:
        """The world `age` s ago, and how arm and hand are now."""
        emulator, controller = self._all, self._all.controller
        seen = emulator.world.snapshot(age)
        return {
            "now": emulator.world.time, "time": seen.time, "joints": seen.joints.tolist(),
            "fingers": seen.fingers.tolist(), "objects": seen.objects.tolist(), "start": seen.start.tolist(),
            "seed": emulator.world.seed, "velocities": emulator.world.velocities.tolist(),
            "following": bool(emulator.arm.current_motion_id and emulator.arm.command is not None),
            "stopped": emulator.arm.stopped, "cut": emulator.arm.cut, "errors": list(controller.errors),
            "wrench": (-controller.touch.wrench).tolist(), "width": emulator.hand.width, "holds": emulator.hand.holds,
            "hand_goal": emulator.hand.goal, "hand_dead": emulator.hand.dead, "slips": emulator.slips,
            "motions": emulator.arm.motions,
            "hand_commands": emulator.hand_server.commands if emulator.hand_server is not None else 0,
        }  # fmt: skip

    def do_success(self, caller: Caller) -> dict[str, Any]:
        return {"success": self._all.world.success()}

    # The scene

    def do_reset(
        self, caller: Caller, seed: int, arm: bool = False, joints: list[float] | None = None
    ) -> dict[str, Any]:
        """Objects to the start that `seed` names, and with `arm` the arm too, or to `joints` (7,) rad, its fingers
        open; it must not be in motion then."""
        emulator, moved = self._all, arm or joints is not None
        if moved and emulator.arm.current_motion_id:
            raise Refused("the arm is in motion: end it before it is put elsewhere")
        if joints is not None and (len(joints) != 7 or not np.isfinite(joints).all()):
            raise Refused(f"expected 7 joints in rad, found {joints}")
        emulator.world.reset(int(seed), moved, joints)
        if moved:
            emulator.hand.rest()
            emulator.controller.restart()
        return self.do_state(caller)

    def do_place(self, caller: Caller, objects: list[list[float]]) -> dict[str, Any]:
        """Objects (O, 7) where one wants them, as their start."""
        poses = np.array(objects, dtype=np.float64)
        if poses.shape != self._all.world.start.shape or not np.isfinite(poses).all():
            raise Refused(f"expected objects of shape {self._all.world.start.shape}, found {poses.shape}")
        self._all.world.place(poses)
        return self.do_state(caller)

    # The clock

    def do_take(self, caller: Caller) -> dict[str, Any]:
        if self._all.pace == "realtime":
            raise Refused("in real time nobody owns the clock: emulate with --pace lockstep")
        if self.clock.owner not in (None, caller):
            raise Refused("another owns the clock")
        self.clock.take(caller)
        return {"time": self._all.world.time}

    def do_free(self, caller: Caller) -> dict[str, Any]:
        if self.clock.owner is caller:
            self.clock.free()
        return {"time": self._all.world.time}

    def do_advance(self, caller: Caller, seconds: float, need: dict[str, int] | None = None) -> None:
        if self.clock.owner is not caller:
            raise Refused("take the clock first")
        self.clock.advance(float(seconds), need or {})

    # What goes wrong

    def do_button(self, caller: Caller, pressed: bool) -> dict[str, Any]:
        """The emergency stop."""
        if pressed:
            self._all.arm.press_stop()
        else:
            self._all.arm.stopped = False
        return {}

    def do_link(self, caller: Caller, cut: bool) -> dict[str, Any]:
        """The network cable of arm and hand, out or in."""
        self._all.arm.cut = bool(cut)
        if self._all.hand_server is not None:
            self._all.hand_server.cut = bool(cut)
        return {}

    def do_hang_up(self, caller: Caller) -> dict[str, Any]:
        """End the arm's connection, as its controller does when it restarts."""
        self._all.arm.reset_state()
        return {}

    def do_lose(self, caller: Caller, commands: int) -> dict[str, Any]:
        """So many of the client's next commands get lost."""
        self._all.lose = int(commands)
        return {}

    def do_reflex(self, caller: Caller, error: str) -> dict[str, Any]:
        if error not in ERRORS:
            raise Refused(f"unknown error {error!r}")
        self._all.arm.trip([error])
        return {}

    def do_push(self, caller: Caller, force: list[float]) -> dict[str, Any]:
        """Push the hand with a force (3,) N, base frame, from now on."""
        self._all.world.push(np.array(force, dtype=np.float64).reshape(3))
        return {}

    def do_hand(self, caller: Caller, dead: bool) -> dict[str, Any]:
        """The gripper's motor fails, or works again."""
        if dead:
            self._all.hand.dead = True
        else:
            self._all.hand.repair()
        return {}

    def do_grip(self, caller: Caller, width: float, speed: float, force: float) -> dict[str, Any]:
        """Another make's gripper, emulated elsewhere, tells the fingers where to go."""
        self._all.hand.go(width, speed, force)
        return {}

    def do_end(self, caller: Caller) -> dict[str, Any]:
        self._all.ended = True
        return {}
