"""Killing what runs in a project, at random moments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from expertgen.workspace import Workspace
from tests.faults.project import Process, Project
from tests.small_project import ROOT, TASK

SIGNALS = (signal.SIGKILL, signal.SIGTERM)
KINDS = ("dvc", "stage", "worker")
# Seconds within which all processes are gone after the killed command has ended. A worker that was just being started
# notices when its imports are done.
QUIET = 30.0
# Exit status of a stage without DVC, by target and signal. Before Python handles signals it dies of SIGTERM.
STATUS = {"stage": {"SIGKILL": {-9}, "SIGTERM": {143, -15}}, "worker": {"SIGKILL": {2}, "SIGTERM": {2}}}
_STARTING = 3.0  # s that DVC and Python's imports take
_UNTIMED = 3.0  # s that a gate works, and the page
_SLACK = (0.4, 1.3)  # s, and share of a stage's time, by which a moment may lie behind the stage's end


@dataclass
class Killer:
    """Runs stages of a project and kills them; `seconds`: how long each stage works when nobody does.

    `counts`: kills by (stage, target, signal). `mended`: lines about files of DVC's own that were cut off.
    """

    project: Project
    seconds: dict[str, float]
    random: np.random.Generator
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    mended: list[str] = field(default_factory=list)
    _dvc_was_killed: bool = False

    def kill(self, stage: str, starter: str, among: tuple[str, ...] = KINDS) -> bool:
        """Start a stage with dvc or expertgen and kill one of its processes at a random moment.

        False if the command came to its good end before. Fails when a process is left behind, or on a traceback.
        """
        self._mend()
        held_before = self._holder(stage)
        process = self.project.start(self.project.command(starter, stage))
        moment = self._moment(stage, process, held_before)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(0.0, moment - time.monotonic()))
        victim = self._choose(among) if process.poll() is None else None
        how = SIGNALS[self.random.integers(len(SIGNALS))]
        if victim is not None:
            self._dvc_was_killed = victim.kind == "dvc"
            with suppress(ProcessLookupError):
                os.kill(victim.pid, how)
        process.wait(timeout=600)
        left = self.project.wait_until_quiet(QUIET)
        output = self.project.output_of(process)
        assert not left, f"left behind after {how.name} to {victim}: {left}\n{output}"
        assert "Traceback" not in output, f"after {how.name} to {victim}:\n{output}"
        if victim is None or process.returncode == 0:
            assert process.returncode == 0, output
            return False
        assert starter == "dvc" or process.returncode in STATUS[victim.kind][how.name], output
        self.counts[stage, victim.kind, how.name] += 1
        return True

    def finish(self, stage: str, starter: str) -> str:
        """Run the same command to its end; what it printed."""
        self._mend()
        return self.project.run(self.project.command(starter, stage))

    def _mend(self) -> None:
        """As `make repro` does before it calls DVC."""
        if self._dvc_was_killed:
            self.mended += self.project.run([sys.executable, str(ROOT / "tasks" / "mend_dvc.py")]).splitlines()
        self._dvc_was_killed = False

    def _holder(self, stage: str) -> str:
        """The process id in the stage's lock file, where a killed holder's stays."""
        path = Workspace(self.project.folder, TASK).lock(stage)
        return path.read_text(encoding="ascii").strip() if path.exists() else ""

    def _moment(self, stage: str, process: subprocess.Popen[bytes], held_before: str) -> float:
        """A time (monotonic, s): of four, one while things start, three once the stage holds its lock."""
        if self.random.random() < 0.25:
            return time.monotonic() + self.random.uniform(0.0, _STARTING)
        while process.poll() is None and self._holder(stage) in ("", held_before):
            time.sleep(0.01)
        return time.monotonic() + self.random.uniform(0.0, _SLACK[0] + _SLACK[1] * self.seconds.get(stage, _UNTIMED))

    def _choose(self, among: tuple[str, ...]) -> Process | None:
        found = self.project.processes()
        kinds = sorted({process.kind for process in found} & set(among))
        if not kinds:
            return None
        kind = kinds[self.random.integers(len(kinds))]
        chosen = [process for process in found if process.kind == kind]
        return chosen[self.random.integers(len(chosen))]
