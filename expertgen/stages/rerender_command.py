"""`expertgen rerender`: its options, and where they lead. Imports nothing heavy, for help answers at once."""

from __future__ import annotations

import argparse
import importlib
import re
from dataclasses import dataclass
from pathlib import Path

from expertgen.errors import InvalidParameter
from expertgen.params import Params
from expertgen.workspace import Workspace

SMALLEST, LARGEST = 16, 4096  # px, of a side


@dataclass(frozen=True)
class Order:
    """What `rerender` is to draw: looks of `seed`; in `size` (width, height) px, None for that of vision; of the
    episodes that can be released the first `episodes`, None for all."""

    seed: int
    size: tuple[int, int] | None
    episodes: int | None


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `rerender` to the command line's `commands`, with the options of `common`."""
    text = "the expert's episodes under other looks, without simulating again, as a LeRobot v3.0 dataset"
    command = commands.add_parser("rerender", help=text, description=text, parents=[common])
    command.add_argument("task", metavar="TASK")
    command.add_argument("target", metavar="TARGET", type=Path, help="folder of the dataset, not there yet or empty")
    command.add_argument("--seed", metavar="N", type=int, default=0, help="of the looks (default: 0)")
    command.add_argument("--size", metavar="WxH", help="px of the new images (default: vision.width x vision.height)")
    command.add_argument("--episodes", metavar="N", type=int, help="the first N only (default: all of the release's)")


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Carry out the parsed command. Raises InvalidParameter, and what drawing and writing raise."""
    if not 0 <= args.seed < 2**32:
        raise InvalidParameter(f"--seed: found {args.seed}, expected an integer from 0 to {2**32 - 1}.")
    if args.episodes is not None and args.episodes < 1:
        raise InvalidParameter(f"--episodes: found {args.episodes}, expected an integer >= 1.")
    order = Order(args.seed, size_of(args.size), args.episodes)
    importlib.import_module("expertgen.stages.rerender").run(params, args.task, workspace, args.target, order)


def size_of(text: str | None) -> tuple[int, int] | None:
    """Width and height of the images that --size asks for, in px. Raises InvalidParameter."""
    if text is None:
        return None
    sides = [int(side) for side in text.split("x")] if re.fullmatch(r"\d{1,6}x\d{1,6}", text, re.ASCII) else []
    if not sides or any(side % 2 or not SMALLEST <= side <= LARGEST for side in sides):
        raise InvalidParameter(
            f"--size: found {text!r}, expected WIDTHxHEIGHT in px, such as 640x360: even numbers, as video needs, from "
            f"{SMALLEST} to {LARGEST}."
        )
    return sides[0], sides[1]
