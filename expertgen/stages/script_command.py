"""`expertgen script write|try`: its options, and where they lead. Imports nothing heavy, for help answers at once."""

from __future__ import annotations

import argparse
import importlib
from dataclasses import dataclass
from pathlib import Path

from expertgen.errors import InvalidParameter
from expertgen.params import Params
from expertgen.workspace import Workspace

WRITE, TRY = "write", "try"
_ENVIRONMENT = "OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL name the endpoint; see docs/programs.md"


@dataclass(frozen=True)
class Order:
    """What `script write` is to do: rounds of candidates, tried on `starts` starts. model: None for the environment's.
    replace: whether a program that is there may be replaced."""

    rounds: int
    candidates: int
    starts: int
    model: str | None
    replace: bool


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `script` to the command line's `commands`; its actions take the options of `common`."""
    text = "programs for the scripted policy: written by a language model, tried in simulation"
    actions = commands.add_parser("script", help=text, description=text).add_subparsers(
        dest="action", metavar="write|try", required=True
    )
    text = "ask a language model for programs, keep the best one in programs/TASK.py"
    write = actions.add_parser(WRITE, help=text, description=text, parents=[common], epilog=_ENVIRONMENT)
    write.add_argument("task", metavar="TASK")
    write.add_argument("--rounds", metavar="N", type=int, default=3, help="each told how the last fared (default: 3)")
    write.add_argument("--candidates", metavar="N", type=int, default=4, help="programs of a round (default: 4)")
    write.add_argument("--starts", metavar="N", type=int, default=256, help="starts to try on (default: 256)")
    write.add_argument("--model", metavar="M", help="the model's name (default: OPENAI_MODEL)")
    write.add_argument("--replace", action="store_true", help="replace programs/TASK.py, if it is there")
    text = "run a program contained, and count its successes over fresh starts"
    try_ = actions.add_parser(TRY, help=text, description=text, parents=[common])
    try_.add_argument("task", metavar="TASK")
    try_.add_argument("path", metavar="PATH", type=Path, help="the program")
    try_.add_argument("--starts", metavar="N", type=int, default=256, help="starts to try on (default: 256)")


def run(args: argparse.Namespace, params: Params, workspace: Workspace, project: Path) -> None:
    """Carry out the parsed command; project: the folder that programs/ is in. Raises ExpertGenError."""
    if args.action == TRY:
        importlib.import_module("expertgen.stages.script_try").run(params, args.task, args.path, args.starts)
        return
    for name in ("rounds", "candidates"):
        if not 1 <= getattr(args, name) <= 100:
            raise InvalidParameter(f"--{name}: found {getattr(args, name)}, expected 1 to 100.")
    order = Order(args.rounds, args.candidates, args.starts, args.model, args.replace)
    importlib.import_module("expertgen.stages.script_write").run(params, args.task, workspace, project, order)
