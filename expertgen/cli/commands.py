"""What each command of `expertgen` does."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from expertgen.cli.parser import POLICIES, STAGES, STUDENTS, TRIALS
from expertgen.errors import InvalidParameter, MissingInput, require_known
from expertgen.params import Params, load_params
from expertgen.stages import (
    cotrain_command,
    export_command,
    index_command,
    rerender_command,
    robot_command,
    script_command,
    student_rollouts_command,
)
from expertgen.workspace import Workspace


def run(args: argparse.Namespace) -> int:
    """Carry out what `expertgen.cli.parser` understood; the exit status. Raises ExpertGenError and OSError."""
    if args.command == "stages":
        for stage, text in STAGES.items():
            print(f"{stage:13} {text}")
        return 0
    if args.command == "release" and _verifies(args):
        importlib.import_module("expertgen.stages.release_verify").verify(args.path)
        return 0
    if args.command == "export" and export_command.verifies(args):
        export_command.verify(args)
        return 0
    path: Path = getattr(args, "params", Path("params.yaml"))
    profile: str | None = getattr(args, "profile", None)
    if args.command == "report":
        root = Workspace.of_profile(path.parent, "", profile).root
        importlib.import_module("expertgen.stages.report").run(load_params(path, profile), root)
        return 0
    if args.command == "robot" and "task" not in args:  # calibration, for one, serves all tasks
        robot_command.run(args, load_params(path, profile), Workspace.of_profile(path.parent, "", profile))
        return 0
    params = load_params(path, profile, args.task)
    _require_task(args.task)
    workspace = Workspace.of_profile(path.parent, args.task, profile)
    if args.command == "run":
        _run_all(params, args.task, workspace)
    elif args.command == "index":
        index_command.run(args, params, workspace)
    elif args.command == "script":
        script_command.run(args, params, workspace, path.parent)
    elif args.command == "export":
        export_command.run(args, workspace)
    elif args.command == "rerender":
        rerender_command.run(args, params, workspace)
    elif args.command == "robot":
        robot_command.run(args, params, workspace)
    elif args.command == "student_rollouts":
        student_rollouts_command.run(args, params, workspace)
    elif args.command == "cotrain":
        cotrain_command.run(args, params, workspace)
    elif args.command == "evaluate" and _is_ad_hoc(args):
        _evaluate_policy(params, args, workspace)
    else:
        _run_stage(args.command, params, args.task, workspace)
    return 0


def _require_task(task: str) -> None:
    from expertgen.benchmarks import TASKS

    require_known("task", task, TASKS)


def _run_stage(stage: str, params: Params, task: str, workspace: Workspace) -> None:
    if stage.startswith("gate_") and stage not in TRIALS:
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
    # `expertgen perturb TASK` disturbs any task; what is not asked for is not worth its time here.
    stages = [stage for stage in STAGES if stage not in (*STUDENTS, *TRIALS)]
    stages = [stage for stage in stages if stage != "perturb" or task in params.perturb.tasks]
    for number, stage in enumerate(stages, start=1):
        print(f"[{number}/{len(stages)}] {stage}: {STAGES[stage]}", file=sys.stderr, flush=True)
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
