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
ACTIONS: dict[str, tuple[str, Options]] = {}


def _trial(action: argparse.ArgumentParser) -> None:
    action.add_argument("task", metavar="TASK")
    action.add_argument("--protocol", metavar="FILE", type=Path, required=True, help="see docs/trials.md")
    action.add_argument("--answers", metavar="FILE", type=Path, help="answers in place of a person at the terminal")
    action.add_argument("--check", action="store_true", help="check protocol and checkpoints, and run nothing")


def _export(action: argparse.ArgumentParser) -> None:
    action.add_argument("task", metavar="TASK")
    action.add_argument("name", metavar="NAME", help="of the protocol: trials in data/TASK/trials/NAME")
    action.add_argument("target", metavar="TARGET", type=Path, help="folder of the dataset, not there yet or empty")


ACTIONS["trial"] = ("trials of policies by a protocol: blinded, logged, resumable", _trial)
ACTIONS["export"] = ("recorded trials as a LeRobot v3.0 dataset", _export)


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
