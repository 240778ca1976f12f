"""`expertgen export TASK|verify`: its options, and where they lead. Imports nothing heavy, for help answers at once."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from expertgen.errors import InvalidParameter
from expertgen.workspace import Workspace

FORMATS = ("lerobot-v2.1", "robomimic")
VERIFY = "verify"
_USAGE = f"expertgen export TASK --format {'|'.join(FORMATS)} TARGET | expertgen export verify TARGET"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `export` to the command line's `commands`, with the options of `common`."""
    text = "the release data/TASK/release in the layout of another reader"
    command = commands.add_parser("export", help=text, description=text, parents=[common], usage=_USAGE)
    command.add_argument("task", metavar="TASK")
    command.add_argument("--format", choices=FORMATS, help="LeRobot v2.1 with GR00T's modality.json, or robomimic")
    command.add_argument("target", metavar="TARGET", type=Path, help="a folder that is not there yet, or is empty")


def verifies(args: argparse.Namespace) -> bool:
    """Whether the parsed command checks an export, for which no parameters are needed. Raises InvalidParameter."""
    if args.task != VERIFY:
        return False
    if args.format is not None:
        raise InvalidParameter("--format belongs to an export; `expertgen export verify TARGET` sees it in the folder.")
    return True


def verify(args: argparse.Namespace) -> None:
    """Check the export in the folder `args.target`. Raises MissingInput, CorruptArtifact."""
    importlib.import_module("expertgen.stages.export_release").verify(args.target)


def run(args: argparse.Namespace, workspace: Workspace) -> None:
    """Carry out the parsed command. Raises InvalidParameter, and what reading and writing raise."""
    if args.format is None:
        raise InvalidParameter(f"--format is missing, expected {' or '.join(FORMATS)}: {_USAGE.partition(' | ')[0]}")
    importlib.import_module("expertgen.stages.export_release").run(workspace, args.format, args.target)
