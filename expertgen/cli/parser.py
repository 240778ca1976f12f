"""What `expertgen` understands: its commands and their options."""

from __future__ import annotations

import argparse
from pathlib import Path

import expertgen
from expertgen.stages import (
    cotrain_command,
    export_command,
    index_command,
    rerender_command,
    robot_command,
    script_command,
    student_rollouts_command,
)

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
    "episodes": "one table of all episodes, which the index is built from",
    "evaluate": "all policies on the same starts: success, DTW, jerk, maps, videos",
    "gate_evaluate": "whether the evaluated success is good enough to release",
    "perturb": "prior and expert with the gripper opened or the hand pushed at random",
    "release": "the expert's episodes as a LeRobot v3.0 dataset",
    "page": "all reports in one page that works offline",
    "distill": "student: taught by the expert, sees what cameras see (DAgger)",
    "gate_distill": "whether the student is sound, and near enough to its teacher",
    "student": "the student beside its teacher, under drawn looks and hardships",
    "gate_trials": "whether recorded trials on a robot are sound, and their log untouched",
    "trials": "recorded trials on a robot: success, intervals, paired comparisons",
}
TRIALS = ("gate_trials", "trials")  # of what a person recorded; `expertgen run` leaves them out
STUDENTS = ("distill", "gate_distill", "student")  # which `expertgen run` leaves out: they take longer than all others
POLICIES = ("script", "prior", "zero", "expert")


def parser() -> argparse.ArgumentParser:
    """The command line; its result has `command`, and `task` where a command is about one."""
    # SUPPRESS, because a subcommand's default would otherwise replace what was given before it.
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--profile", metavar="NAME", help="overlay profiles/NAME.yaml; outputs go to runs/NAME"
    )
    common.add_argument("--params", metavar="PATH", type=Path, help="parameter file (default: ./params.yaml)")
    description = "Turn imperfect demonstrations into an expert policy."
    whole = argparse.ArgumentParser("expertgen", description=description, parents=[common])
    whole.add_argument("--version", action="version", version=f"expertgen {expertgen.__version__}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for stage, text in STAGES.items():
        command = commands.add_parser(stage, help=text, description=text, parents=[common])
        command.add_argument("task", metavar="TASK")
        if stage == "evaluate":
            _ad_hoc_options(command)
        if stage == "release":
            command.usage = "expertgen release TASK | expertgen release verify PATH"
            command.add_argument("path", metavar="PATH", type=Path, nargs="?", help="with `verify`: a release")
    run = commands.add_parser("run", help="all stages but a student's in order, then the table", parents=[common])
    run.add_argument("task", metavar="TASK")
    text = "the report on all tasks of params.yaml, beside the paper's figures: reports/anytask.md"
    commands.add_parser("report", help=text, description=text, parents=[common])
    index_command.add_parser(commands, common)
    script_command.add_parser(commands, common)
    export_command.add_parser(commands, common)
    rerender_command.add_parser(commands, common)
    robot_command.add_parser(commands, common)
    student_rollouts_command.add_parser(commands, common)
    cotrain_command.add_parser(commands, common)
    commands.add_parser("stages", help="list the stages")
    return whole


def _ad_hoc_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("one policy by itself, printed and not kept in reports/")
    group.add_argument("--policy", metavar="NAME", help=" | ".join(POLICIES))
    group.add_argument("--episodes", metavar="N", type=int, help="episodes (default: evaluate.episodes)")
    group.add_argument("--seed", metavar="S", type=int, help="seed of the starts (default: evaluate.seed)")
    group.add_argument("--json", metavar="PATH", type=Path, help="write the measurements here too")
