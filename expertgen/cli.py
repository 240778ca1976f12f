"""`expertgen STAGE TASK`: the one way to run a stage, whoever starts it.

Heavy modules are imported only where they are used, so that help and mistakes answer at once.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import expertgen
from expertgen.errors import ExpertGenError, InvalidParameter, MissingInput, require_known
from expertgen.params import Params, load_params
from expertgen.stages.supervision import INTERRUPTED, TERMINATED, Terminated, end, supervised
from expertgen.workspace import Workspace

STAGES = {
    "demos": "demonstrations by the scripted policy",
    "gate_demos": "whether the demonstrations are sound",
    "prior": "diffusion prior, trained on the demonstrations",
    "preflight": "whether the prior can be steered to the target",
    "gate_prior": "whether the prior is sound, and good enough to steer",
    "steer": "expert: FastTD3 over the prior's initial noise",
    "gate_steer": "whether the expert is sound, and good enough to roll out",
    "rollouts": "the expert's episodes, with images",
    "gate_rollouts": "whether the expert's episodes and images are sound",
    "evaluate": "all policies on the same starts: success, DTW, jerk, maps, videos",
    "gate_evaluate": "whether the evaluated success is good enough to release",
    "release": "the expert's episodes as a LeRobot v3.0 dataset",
    "page": "all reports in one page that works offline",
}
POLICIES = ("script", "prior", "zero", "expert")
USER_ERROR = 2
# What a full disk or a read-only folder raises is no defect of the code either.
_ENVIRONMENT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 2 after an error a user can mend, 130 after Ctrl-C, 143 after SIGTERM."""
    args = _parser().parse_args(argv)
    try:
        with supervised():
            return _run(args)
    except ExpertGenError as error:
        message = str(error)
    except OSError as error:
        if error.errno not in _ENVIRONMENT:
            raise
        message = f"{error.filename or 'output'}: {error.strerror}"
    except (KeyboardInterrupt, Terminated) as stop:
        terminated = isinstance(stop, Terminated)
        how, status = ("stopped by SIGTERM", TERMINATED) if terminated else ("interrupted", INTERRUPTED)
        print(f"\n{how}: run the same command again to resume", file=sys.stderr)
        if argv is None:  # this is the whole process
            end(status)
        return status
    print(f"expertgen: error: {message}", file=sys.stderr)
    return USER_ERROR


def _parser() -> argparse.ArgumentParser:
    # SUPPRESS, because a subcommand's default would otherwise replace what was given before it.
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--profile", metavar="NAME", help="overlay profiles/NAME.yaml; outputs go to runs/NAME"
    )
    common.add_argument("--params", metavar="PATH", type=Path, help="parameter file (default: ./params.yaml)")
    description = "Turn imperfect demonstrations into an expert policy."
    parser = argparse.ArgumentParser("expertgen", description=description, parents=[common])
    parser.add_argument("--version", action="version", version=f"expertgen {expertgen.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for stage, text in STAGES.items():
        command = commands.add_parser(stage, help=text, description=text, parents=[common])
        command.add_argument("task", metavar="TASK")
        if stage == "evaluate":
            _ad_hoc_options(command)
        if stage == "release":
            command.usage = "expertgen release TASK | expertgen release verify PATH"
            command.add_argument("path", metavar="PATH", type=Path, nargs="?", help="with `verify`: a release")
    run = commands.add_parser("run", help="all stages in order, then the table", parents=[common])
    run.add_argument("task", metavar="TASK")
    commands.add_parser("stages", help="list the stages")
    return parser


def _ad_hoc_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("one policy by itself, printed and not kept in reports/")
    group.add_argument("--policy", metavar="NAME", help=" | ".join(POLICIES))
    group.add_argument("--episodes", metavar="N", type=int, help="episodes (default: evaluate.episodes)")
    group.add_argument("--seed", metavar="S", type=int, help="seed of the starts (default: evaluate.seed)")
    group.add_argument("--json", metavar="PATH", type=Path, help="write the measurements here too")


def _run(args: argparse.Namespace) -> int:
    if args.command == "stages":
        for stage, text in STAGES.items():
            print(f"{stage:13} {text}")
        return 0
    if args.command == "release" and _verifies(args):
        importlib.import_module("expertgen.stages.release_verify").verify(args.path)
        return 0
    path: Path = getattr(args, "params", Path("params.yaml"))
    profile: str | None = getattr(args, "profile", None)
    params = load_params(path, profile)
    _require_task(args.task)
    workspace = Workspace.of_profile(path.parent, args.task, profile)
    if args.command == "run":
        _run_all(params, args.task, workspace)
    elif args.command == "evaluate" and _is_ad_hoc(args):
        _evaluate_policy(params, args, workspace)
    else:
        _run_stage(args.command, params, args.task, workspace)
    return 0


def _require_task(task: str) -> None:
    from expertgen.benchmarks import TASKS

    require_known("task", task, TASKS)


def _run_stage(stage: str, params: Params, task: str, workspace: Workspace) -> None:
    if stage.startswith("gate_"):
        importlib.import_module("expertgen.stages.gate").run(stage.removeprefix("gate_"), params, task, workspace)
    else:
        importlib.import_module(f"expertgen.stages.{stage}").run(params, task, workspace)


def _verifies(args: argparse.Namespace) -> bool:
    if args.task != "verify" and args.path is not None:
        raise InvalidParameter(f"found {args.path} after the task; `expertgen release verify PATH` checks a release.")
    if args.task == "verify" and args.path is None:
        raise InvalidParameter("expected the release to check: `expertgen release verify PATH`.")
    return args.task == "verify"


def _run_all(params: Params, task: str, workspace: Workspace) -> None:
    for number, stage in enumerate(STAGES, start=1):
        print(f"[{number}/{len(STAGES)}] {stage}: {STAGES[stage]}", file=sys.stderr, flush=True)
        _run_stage(stage, params, task, workspace)
    if not workspace.table.is_file():
        raise MissingInput(
            f"{workspace.table} does not exist, though evaluate has ended; run evaluate again."
        )
    print(workspace.table.read_text(encoding="utf-8").rstrip())
    print(f"\nReport, figures and videos: {workspace.reports}")
    print(f"The dataset: {workspace.data('release')}")
    print(f"All of it in one page: {workspace.page}")


def _is_ad_hoc(args: argparse.Namespace) -> bool:
    if args.policy is not None:
        return True
    given = [f"--{name}" for name in ("episodes", "seed", "json") if getattr(args, name) is not None]
    if given:
        verb = "belongs" if len(given) == 1 else "belong"
        raise InvalidParameter(
            f"{', '.join(given)} {verb} to --policy {'|'.join(POLICIES)}, which is missing."
        )
    return False


def _evaluate_policy(params: Params, args: argparse.Namespace, workspace: Workspace) -> None:
    require_known("policy", args.policy, POLICIES)
    episodes = params.evaluate.episodes if args.episodes is None else args.episodes
    seed = params.evaluate.seed if args.seed is None else args.seed
    if episodes < 1:
        raise InvalidParameter(f"--episodes: found {episodes}, expected an integer >= 1")
    if not 0 <= seed < 2**32:
        raise InvalidParameter(f"--seed: found {seed}, expected an integer from 0 to {2**32 - 1}")
    # Before the episodes are run, not after.
    if args.json is not None and (args.json.is_dir() or not args.json.parent.is_dir()):
        raise InvalidParameter(
            f"--json: {args.json} cannot be written: expected a file in an existing folder"
        )
    evaluate = importlib.import_module("expertgen.stages.evaluate")
    evaluate.evaluate_policy(params, args.task, workspace, args.policy, episodes, seed, args.json)
