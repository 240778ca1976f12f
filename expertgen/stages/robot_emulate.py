"""`expertgen robot emulate TASK`: an arm, its hand and its world without metal, until Ctrl-C."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import ipaddress
import signal
from typing import Any

from expertgen.errors import InvalidParameter, MissingInput
from expertgen.params import Params
from expertgen.workspace import Workspace

_HELP = """The {robot} of {task} is emulated at {host}, in {pace}. From another terminal, in Python:

  import franky
  robot = franky.Robot("{host}", realtime_config=franky.RealtimeConfig.Ignore)
  robot.relative_dynamics_factor = 0.1
  robot.move(franky.JointMotion([0, -0.26, 0, -2.43, 0, 2.17, 0.785]))
  {gripper}

Beside the robot (port {channel}): scene, clock, faults.

  from expertgen.emulation.remote import Remote
  world = Remote("{host}")
  world.ask("reset", seed=1); world.ask("button", pressed=True); world.ask("button", pressed=False)

Ctrl-C ends it. docs/robot_emulation.md tells more."""


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Emulate until Ctrl-C or until told to end. Raises ExpertGenError."""
    host = _loopback(args.host)
    if importlib.util.find_spec("franky_sim") is None:
        raise MissingInput("The emulation needs the package franky-sim: pip install 'expertgen[emulation]'.")
    module = importlib.import_module("expertgen.emulation.emulator")
    channel = importlib.import_module("expertgen.emulation.channel").PORT
    try:
        emulator = module.Emulator(args.task, params.simulation, host, args.pace)
    except OSError as error:
        raise InvalidParameter(f"--host {host}: its ports 1337, 1338 and {channel} cannot be had ({error}). Another "
                               "emulation there? Take another address, such as 127.0.0.2.") from None  # fmt: skip
    robot = params.simulation.robot
    gripper = f'hand = franky.Gripper("{host}"); hand.move(0.08, 0.05)' if robot == "panda_hand" else ""
    print(_HELP.format(robot=robot, task=args.task, host=host, pace=args.pace, gripper=gripper, channel=channel),
          flush=True)  # fmt: skip
    _serve(emulator)


def _serve(emulator: Any) -> None:
    def end(*_: object) -> None:
        emulator.ended = True

    before = signal.signal(signal.SIGINT, end), signal.signal(signal.SIGTERM, end)
    try:
        while not emulator.ended:
            emulator.turn()
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
        emulator.close()
    print("The emulation has ended.", flush=True)


def _loopback(host: str) -> str:
    """Nothing else: who reaches the ports may move the arm and end the emulation."""
    try:
        if ipaddress.IPv4Address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise InvalidParameter(f"--host: found {host!r}, expected a loopback address, 127.0.0.1 or alike.")
