"""Trials on a robot, started by a flow: no stage, for `dvc repro` never moves an arm. Knows nothing of Prefect."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from expertgen.errors import InvalidParameter
from tasks.errors import StageFailed
from tasks.output_lines import clean
from tasks.processes import SupervisedDvc
from tasks.worker import require_worker, serving_processes


def run_trials(task: str, root: Path, protocol: str, answers: str, profile: str, say: Callable[[str], None]) -> None:
    """Run what is left of the trials of `protocol` in the project at `root`, as `expertgen robot trial` does.

    A person answers at this process's terminal, or the file `answers` does; then `say` gets each line of output, and no
    process of the trials outlives this one. Raises InvalidParameter where there is neither, StageFailed, WorkerGone.
    """
    command = [sys.executable, "-m", "expertgen", "--profile", profile, "robot", "trial", task, "--protocol", protocol]
    if answers:
        status = _supervised([*command, "--answers", answers], root, say)
    elif sys.stdin is not None and sys.stdin.isatty():
        status = subprocess.run(command, cwd=root, check=False).returncode
    else:
        raise InvalidParameter(
            "trials need a person at a terminal, and this flow has none. Run `expertgen robot trial "
            f"{task} --protocol {protocol}` beside the robot, or give a file of answers."
        )
    if status != 0:
        raise StageFailed(f"the trials of {protocol} did not end well (exit status {status}); their log says how far.")


def _supervised(command: list[str], root: Path, say: Callable[[str], None]) -> int:
    with SupervisedDvc([], root, watched=serving_processes(), command=command) as process:
        for line in process.lines():
            require_worker()
            if line.strip():
                say(clean(line))
    return int(process.report.get("status", 1))
