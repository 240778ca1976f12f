"""One stage brought up to date by `dvc repro`, and its result shared by `dvc push`; knows nothing of Prefect."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import StageIsBusy
from tasks.graph import Stage
from tasks.outcome import judge
from tasks.output_lines import clean, how_it_was_made
from tasks.processes import SupervisedDvc
from tasks.stage_locks import stage_locks
from tasks.worker import require_worker, serving_processes

_BUSY = (2.0, 30.0)  # s between attempts while another process uses the stage's files: at first, at most


@dataclass(frozen=True)
class Options:
    """How a stage is brought up to date."""

    force: bool = False  # run it even if nothing has changed
    pull: bool = False  # take results from run-cache and remote where they have them
    push: bool = False  # put results into the remote, with the run-cache
    label: str = ""  # put before the names of what is shown of the stage, to tell profiles apart

    def repro(self, stage: Stage) -> list[str]:
        """The arguments of `dvc`. --single-item: what is upstream has had its own turn."""
        given = [f"--{name}" for name in ("force", "pull") if getattr(self, name)]
        return ["repro", "--single-item", *given, stage.name]


def reproduce(stage: Stage, root: Path, options: Options, say: Callable[[str], None]) -> str:
    """Bring `stage` up to date, and say how: Completed (its command ran), Up to date, or Restored (from a cache).

    `say` gets each line of output. Waits while other flows or DVC processes use the stage's files. Raises
    StageFailed, InfrastructureFailed or WorkerGone; whatever is raised, no process of the stage is left.
    """
    lines: list[str | None] = []

    def listen(line: str) -> None:
        lines.append(how_it_was_made(line))
        say(line)

    with stage_locks(root, stage, _Waiting(say)) as locks:
        _call(options.repro(stage), root, stage.name, locks, listen)
        if options.push:
            _call(["push", "--run-cache", stage.name], root, f"push of {stage.name}", locks, say)
    return next(filter(None, lines), "Completed")


def _call(arguments: Sequence[str], root: Path, what: str, locks: Sequence[int], say: Callable[[str], None]) -> None:
    """One DVC command, again and again while a process that is not a flow's uses the same files."""
    pause, longest = _BUSY
    while True:
        require_worker()
        with SupervisedDvc(arguments, root, keep=locks, watched=serving_processes()) as dvc:
            for line in dvc.lines():
                require_worker()
                if line.strip():
                    say(clean(line))
        try:
            return judge(what, dvc.report)
        except StageIsBusy:
            say(f"WARNING: {what} waits for the process named above; next attempt in {pause:.0f} s")
        _sleep(pause)
        pause = min(2 * pause, longest)


def _sleep(seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        require_worker()
        time.sleep(min(left, 0.5))


class _Waiting:
    """Says once for which stage this one waits."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._for = say, ""

    def __call__(self, name: str) -> None:
        require_worker()
        if name != self._for:
            self._for = name
            self._say(f"waiting: another flow uses {name}")
