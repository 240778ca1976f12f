"""`expertgen index build|query`: its options, and where they lead. Imports nothing heavy, for help answers at once."""

from __future__ import annotations

import argparse
import importlib
import math
from dataclasses import dataclass

from expertgen.errors import InvalidParameter
from expertgen.params import Params
from expertgen.workspace import Workspace

BUILD, QUERY, DEFAULT = "build", "query", "default"
BY = ("trajectory", "start")
_EXAMPLE = "example: expertgen index query lift_banana --where \"source = 'demos' AND NOT success_end\" --limit 5"


@dataclass(frozen=True)
class Query:
    """What is asked of the index: the episodes that `where` (SQL) holds for; with `like` (an id) the nearest of them to
    that one; with `duplicates` (m) the pairs of them that are at most so far apart. limit: lines shown, 0 for all."""

    where: str | None
    like: str | None
    duplicates: float | None
    by: str
    limit: int
    json: bool


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `index` to the command line's `commands`; each of its actions takes the options of `common`."""
    text = "search all episodes, by filter and by similarity"
    actions = commands.add_parser("index", help=text, description=text).add_subparsers(
        dest="action", metavar="build|query", required=True
    )
    build_text = "build the index from data/TASK/episodes.parquet; a query does so by itself when that has changed"
    build = actions.add_parser(BUILD, help=build_text, description=build_text, parents=[common])
    build.add_argument("task", metavar="TASK")
    text = "list the episodes that a filter holds for, those like one of them, or near-duplicates"
    query = actions.add_parser(QUERY, help=text, description=text, parents=[common], epilog=_EXAMPLE)
    query.add_argument("task", metavar="TASK")
    query.add_argument("--where", metavar="SQL", help="only episodes that this condition on the columns holds for")
    kind = query.add_mutually_exclusive_group()
    kind.add_argument("--like", metavar="ID", help="the nearest to this episode, such as demos/000003")
    kind.add_argument(
        "--duplicates", metavar="DISTANCE", nargs="?", const=DEFAULT,
        help="pairs at most so many metres apart (default: index.duplicates of the parameters)",
    )  # fmt: skip
    query.add_argument("--by", choices=BY, help=f"what --like and --duplicates compare (default: {BY[0]})")
    query.add_argument("--limit", metavar="N", type=int, default=20, help="lines shown, 0 for all (default: 20)")
    query.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Carry out the parsed command. Raises InvalidParameter, and what building and querying raise."""
    index = importlib.import_module("expertgen.stages.index_query")
    if args.action == BUILD:
        index.build(workspace)
    else:
        index.query(workspace, _query(args, params))


def _query(args: argparse.Namespace, params: Params) -> Query:
    if args.by is not None and args.like is None and args.duplicates is None:
        raise InvalidParameter("--by belongs to --like ID or --duplicates, which is missing.")
    if args.limit < 0:
        raise InvalidParameter(f"--limit: found {args.limit}, expected 0 (all lines) or more.")
    duplicates = None if args.duplicates is None else _distance(args.duplicates, params.index.duplicates)
    return Query(args.where, args.like, duplicates, args.by or BY[0], args.limit, args.json)


def _distance(given: str, default: float) -> float:
    if given == DEFAULT:
        return default
    try:
        distance = float(given)
    except ValueError:
        distance = math.nan
    if not 0 <= distance < math.inf:
        raise InvalidParameter(f"--duplicates: found {given!r}, expected a distance in m, 0 or more, such as 0.005.")
    return distance
