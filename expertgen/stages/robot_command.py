"""`expertgen robot ...`: its actions, and where they lead. Imports nothing heavy, for help answers at once.

Each action is a module `expertgen.stages.robot_ACTION` whose name stands in ACTIONS, imported when it is asked for, and
a function here that adds its options.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path

from expertgen.params import Params
from expertgen.workspace import Workspace

# Action → what it does, and a function that adds its options. The module `robot_ACTION` has `run(args, params,
# workspace)`.
Options = Callable[[argparse.ArgumentParser], None]


def _emulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task", metavar="TASK")
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="loopback address (default: 127.0.0.1)")
    text = "realtime, or a millisecond for each answer of the client (default: realtime)"
    parser.add_argument("--pace", choices=("lockstep", "realtime"), default="realtime", help=text)


def _calibrate(command: argparse.ArgumentParser) -> None:
    command.add_argument("step", metavar="STEP", choices=["board", "record", "solve", "check"],
                         help="board: a sheet to print; record: views; solve: them; check: what is there")  # fmt: skip
    command.add_argument("path", metavar="PATH", type=Path, nargs="?",
                         help="board: sheet, .pdf or .png; else: folder of a recording")  # fmt: skip
    command.add_argument("--camera", metavar="SERIAL", action="append", help="of a camera; once for each")
    command.add_argument("--arm", metavar="ADDRESS", help="record: of the arm")
    command.add_argument("--poses", metavar="FILE", help="record: `auto`, or a JSON list of joint positions the arm "
                         "moves to by itself (default: a person moves it)")  # fmt: skip
    command.add_argument("--yes", action="store_true", help="record: move without asking")
    command.add_argument("--without", metavar="N[,N]", help="solve: leave these views out")


def _trial(action: argparse.ArgumentParser) -> None:
    action.add_argument("task", metavar="TASK")
    action.add_argument("--protocol", metavar="FILE", type=Path, required=True, help="see docs/trials.md")
    action.add_argument("--answers", metavar="FILE", type=Path, help="answers in place of a person at the terminal")
    action.add_argument("--check", action="store_true", help="check protocol and checkpoints, and run nothing")


def _demo(action: argparse.ArgumentParser) -> None:
    action.add_argument("task", metavar="TASK")
    action.add_argument("--trials", metavar="N", type=int, default=2, help="how many (default: 2)")
    action.add_argument("--seed", metavar="SEED", type=int, default=0, help="draws their starts (default: 0)")


def _export(action: argparse.ArgumentParser) -> None:
    action.add_argument("task", metavar="TASK")
    action.add_argument("name", metavar="NAME", help="of the protocol: trials in data/TASK/trials/NAME")
    action.add_argument("target", metavar="TARGET", type=Path, help="folder of the dataset, not there yet or empty")


ACTIONS: dict[str, tuple[str, Options]] = {
    "emulate": ("an arm, its hand and its world without metal, for the real clients to drive", _emulate),
    "calibrate": ("where the cameras stand: a board on the hand, seen in many poses", _calibrate),
    "trial": ("trials of policies by a protocol: blinded, logged, resumable", _trial),
    "demo": ("a few emulated trials of the task's student, answered by themselves", _demo),
    "export": ("recorded trials as a LeRobot v3.0 dataset", _export),
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `robot` to the command line's `commands`; each of its actions takes the options of `common`."""
    text = "a real arm, or its emulation: trials, calibration"
    whole = commands.add_parser("robot", help=text, description=text)
    actions = whole.add_subparsers(dest="action", metavar="|".join(ACTIONS) or "ACTION", required=True)
    for name, (about, add_options) in ACTIONS.items():
        add_options(actions.add_parser(name, help=about, description=about, parents=[common]))


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Carry out what `args` ask for."""
    importlib.import_module(f"expertgen.stages.robot_{args.action}").run(args, params, workspace)
