"""`expertgen robot ...`: its actions, and where they lead. Imports nothing heavy, for help answers at once.

Each action is a module `expertgen.stages.robot_ACTION` whose name stands in ACTIONS, imported when it is asked for, and
a function here that adds its options.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable

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


ACTIONS: dict[str, tuple[str, Options]] = {
    "emulate": ("an arm, its hand and its world without metal, for the real clients to drive", _emulate),
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
