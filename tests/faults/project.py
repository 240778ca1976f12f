"""A project of its own with parameters so small that each stage takes seconds: made, run, looked at, compared."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.small_project import TASK, make_small_project

OVERALL = "report"  # the one stage that is of no task
_TIMES = ("wall_time.json", "curve.png", "index.html")  # hold or show wall times, which differ from run to run
_MINUTES = re.compile(r"[\d.]+ minutes|## Wall time.*?(?=## )", re.DOTALL)


@dataclass(frozen=True)
class Process:
    """A running process of a project; kind: dvc, stage, worker, or other (shells, Python's resource tracker)."""

    pid: int
    kind: str
    command: str


class Project:
    """A copy of what git holds of this project, as far as its stages need it, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_small_project(folder)
        self._printed: dict[int, Path] = {}

    @classmethod
    def at(cls, folder: Path) -> Project:
        """The project that another process made in `folder`."""
        project = cls.__new__(cls)
        project.folder, project._printed = folder, {}
        return project

    def command(self, starter: str, stage: str) -> list[str]:
        """How `starter` (dvc or expertgen) runs a stage, and with DVC what it needs first. OVERALL takes no task."""
        if starter == "dvc":
            return [sys.executable, "-m", "dvc", "repro", stage if stage == OVERALL else f"{stage}@{TASK}"]
        return [sys.executable, "-m", "expertgen", stage, *([] if stage == OVERALL else [TASK])]

    def start(self, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """Start a command in the project; what it prints goes to a file, which no process left behind keeps open."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DVC_STAGE")}
        own = {"PATH": path, "DVC_SITE_CACHE_DIR": str(self.folder / ".dvc" / "site"), "OMP_NUM_THREADS": "1"}
        with tempfile.NamedTemporaryFile("w", dir=self.folder / ".dvc", delete=False) as printed:
            process = subprocess.Popen(
                command, cwd=self.folder, env=inherited | own | environment, stdin=subprocess.DEVNULL, stdout=printed,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._printed[process.pid] = Path(printed.name)
        return process

    def output_of(self, process: subprocess.Popen[bytes]) -> str:
        """What a command that was started has printed, with what it started in turn."""
        return self._printed[process.pid].read_text(encoding="utf-8", errors="replace")

    def run(self, command: list[str], **environment: str) -> str:
        """Run a command to its good end; what it printed."""
        process = self.start(command, **environment)
        process.wait(timeout=600)
        assert process.returncode == 0, self.output_of(process)
        return self.output_of(process)

    def processes(self) -> list[Process]:
        """All processes that run in the project's folder and have not ended."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                inside = Path(os.readlink(entry / "cwd")).is_relative_to(self.folder)
                ended = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] in "ZX"
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if inside and not ended:
                found.append(Process(int(entry.name), _kind(words), " ".join(words).strip()))
        return found

    def wait_until_quiet(self, seconds: float) -> list[Process]:
        """The processes that are still there after `seconds`; none, at once, when all have ended."""
        deadline = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left

    def outputs(self) -> dict[str, str]:
        """All outputs by path, as SHA-256; of files with wall times, of what is left of them without.

        Raises AssertionError for partial state or temporary files among them.
        """
        found = outputs_in(self.folder)
        left = [name for name in found if any(mark in name for mark in (".tmp", ".work", ".earlier"))]
        assert not left, f"left over: {left}"
        return found


def outputs_in(folder: Path) -> dict[str, str]:
    """The files in data and reports of `folder`, partial state included, as `Project.outputs` gives them.

    Second names of finished artifacts are left out.
    """
    paths = sorted(path for name in ("data", "reports") for path in (folder / name).rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(_without_times(path)).hexdigest()
        for path in paths
        if path.suffix != ".lock" and path.name not in _TIMES and not {".work", "kept"} <= set(path.parts)
    }  # fmt: skip


def _kind(words: list[str]) -> str:
    text = " ".join(words[:4])
    if "multiprocessing.spawn" in text:
        return "worker"
    if "resource_tracker" in text or "-c" in words[1:3]:
        return "other"
    return "stage" if "expertgen" in words[1:3] else "dvc" if "dvc" in text else "other"


def _without_times(path: Path) -> bytes:
    if path.name == "curve.json":
        points = json.loads(path.read_text(encoding="utf-8"))
        return json.dumps([{k: v for k, v in point.items() if k != "wall_time_s"} for point in points]).encode()
    if path.name == "report.md":
        return _MINUTES.sub("", path.read_text(encoding="utf-8")).encode()
    return path.read_bytes()
