"""`expertgen student_rollouts`: its options, and where they lead. Imports nothing heavy, for help answers at once."""

from __future__ import annotations

import argparse
import importlib
from dataclasses import dataclass
from pathlib import Path

from expertgen.errors import InvalidParameter
from expertgen.params import Params
from expertgen.stages.rerender_command import size_of
from expertgen.workspace import Workspace

FIRST = 100_000  # of the starts: between those of the evaluation and those of the first run


@dataclass(frozen=True)
class StudentOrder:
    """Which episodes a student is to play: from `episodes` starts, of which `seed` names the first; drawn in `size`
    (width, height) px, None for that of vision; `all`: those that failed are kept too."""

    seed: int
    episodes: int
    size: tuple[int, int] | None
    all: bool


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `student_rollouts` to the command line's `commands`, with the options of `common`."""
    text = "the student acts by itself: its episodes, plain and as drawn for students, as a LeRobot v3.0 dataset"
    command = commands.add_parser("student_rollouts", help=text, description=text, parents=[common])
    command.add_argument("task", metavar="TASK")
    command.add_argument("target", metavar="TARGET", type=Path, help="folder of the dataset, not there yet or empty")
    command.add_argument("--seed", metavar="N", type=int, default=FIRST, help=f"of the first start (default: {FIRST})")
    command.add_argument("--episodes", metavar="N", type=int, help="how many starts (default: rollouts.episodes)")
    command.add_argument("--size", metavar="WxH", help="px of the drawn images (default: vision.width x vision.height)")
    command.add_argument("--all", action="store_true", help="keep episodes that failed, marked as such")


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Carry out the parsed command. Raises InvalidParameter, and what playing, drawing and writing raise."""
    episodes = params.rollouts.episodes if args.episodes is None else args.episodes
    if not 0 <= args.seed < 2**32:
        raise InvalidParameter(f"--seed: found {args.seed}, expected an integer from 0 to {2**32 - 1}.")
    if episodes < 1:
        raise InvalidParameter(f"--episodes: found {episodes}, expected an integer >= 1.")
    order = StudentOrder(args.seed, episodes, size_of(args.size), args.all)
    importlib.import_module("expertgen.stages.student_rollouts").run(params, args.task, workspace, args.target, order)
