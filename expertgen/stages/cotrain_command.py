"""`expertgen cotrain`: its options, and where they lead. Imports nothing heavy, for help answers at once."""

from __future__ import annotations

import argparse
import importlib

from expertgen.errors import InvalidParameter
from expertgen.params import Params
from expertgen.workspace import Workspace


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `cotrain` to the command line's `commands`, with the options of `common`."""
    text = "the student goes on learning, from simulation and recorded trials on a robot: data/TASK/student_cotrained"
    command = commands.add_parser("cotrain", help=text, description=text, parents=[common])
    command.add_argument("task", metavar="TASK")
    command.add_argument("--trials", metavar="NAME", nargs="+", default=[],
                         help="protocols whose successes are learnt from, in data/TASK/trials; or single trials, "
                         "such as bananas/007-1")  # fmt: skip


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Carry out the parsed command. Raises InvalidParameter, and what the training raises."""
    share = params.cotrain.real_share
    if share > 0 and not args.trials:
        raise InvalidParameter(
            f"expected --trials NAME..., since cotrain.real_share is {share:g}; 0 goes on in simulation alone."
        )
    if share == 0 and args.trials:
        raise InvalidParameter("--trials: cotrain.real_share is 0, so nothing of them would be learnt. Leave one out.")
    importlib.import_module("expertgen.stages.cotrain").run(params, args.task, workspace, args.trials)
