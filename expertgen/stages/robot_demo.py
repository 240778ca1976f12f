"""`expertgen robot demo TASK`: a few emulated trials of the task's student, and where to look at them."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

import yaml

from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_text
from expertgen.data.hashing import content_sha256
from expertgen.data.lock import stage_lock
from expertgen.errors import InvalidParameter, MissingInput, require_known
from expertgen.params import Params
from expertgen.stages.robot_trial_emulation import open_session
from expertgen.stages.trials_text import text
from expertgen.trials.attempts import BY_MEASURE
from expertgen.trials.operator import Score
from expertgen.trials.paper import TABLE_XII
from expertgen.trials.protocol import read_protocol
from expertgen.trials.recorded import read_recorded
from expertgen.trials.results import results
from expertgen.trials.run import TrialRun, open_log
from expertgen.workspace import Workspace

_SECONDS = 6.4  # of a trial


class Nobody:
    """An operator for emulation: objects are laid by themselves, and success is as the task measures it."""

    name = "nobody"

    def confirm(self, question: str) -> None:
        """Show which trial comes next."""
        print(question.strip().splitlines()[0].partition(" The arm goes")[0], flush=True)

    def score(self, question: str, number: int, measured: bool | None) -> Score:
        """As measured."""
        score = Score("success" if measured else "failure", "as measured at the end", BY_MEASURE)
        print(f"  {score.verdict}", flush=True)
        return score


def run(args: argparse.Namespace, params: Params, workspace: Workspace) -> None:
    """Run `args.trials` trials from starts that `args.seed` draws, in a folder of their own below runs/robot_demo.

    Raises MissingInput without a student or the clients' packages, InvalidParameter, UnknownName, RobotFault.
    """
    require_known("task", args.task, TASKS)
    if args.trials < 1:
        raise InvalidParameter(f"--trials: found {args.trials}, expected at least 1.")
    student = workspace.data("student")
    if not student.is_dir():
        raise MissingInput(
            f"no student at {student}. Fetch the released one: dvc pull distill@{args.task} (`make trial` does)."
        )
    base = workspace.root / "runs" / "robot_demo" / args.task
    with stage_lock(workspace.lock("robot_demo")):
        folder = _fresh(base)
        path = _write_protocol(folder / "demo.yaml", args, workspace, student)
        protocol = read_protocol(path)
        log = open_log(folder, protocol)
        print(f"Emulated robot, its real clients, {args.trials} trials: about a minute each on two cores.", flush=True)
        with closing(open_session(params, workspace, [student])) as session:
            TrialRun(protocol, workspace.root, folder, log, Nobody()).run(session)
        _tell(folder, args.task)


def _fresh(base: Path) -> Path:
    """The first of base/1, base/2, ... that is not there."""
    number = 1
    while (base / str(number)).exists():
        number += 1
    return base / str(number)


def _write_protocol(path: Path, args: argparse.Namespace, workspace: Workspace, student: Path) -> Path:
    policy = {"name": "student", "checkpoint": student.relative_to(workspace.root).as_posix(),
              "sha256": content_sha256(student)}  # fmt: skip
    invalid = {"rule": "The program was interrupted.", "repeats": 0, "after_fault": "failure"}
    terms = {"task": args.task, "robot": "emulation", "policies": [policy], "n": args.trials, "starts": "drawn",
             "max_seconds": _SECONDS, "success": f"When the trial ends, {TASKS[args.task].condition}.",
             "invalid": invalid, "seed": args.seed}  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_text(path, yaml.safe_dump(terms, sort_keys=False))
    return path


def _tell(folder: Path, task: str) -> None:
    recorded = read_recorded(folder)
    found = results(recorded)
    report = {"task": task, "protocols": {"demo": found}, "paper": TABLE_XII.get(task, {})}
    atomic_write_text(folder / "trials.md", text(report).replace("![Success of each policy, and on each start]"
                                                                 "(trials.png)\n", ""))  # fmt: skip
    rate = found["policies"][0]["success"]
    print(f"Success in {rate['successes']} of {rate['n']} trials, 95 % interval {100 * rate['low']:.0f} to "
          f"{100 * rate['high']:.0f} % (Wilson). Emulated: not run on hardware.")  # fmt: skip
    print(f"Report: {folder / 'trials.md'}")
    for attempt in recorded.attempts:
        print(f"Videos: {recorded.episode(attempt)}/*.mp4")
