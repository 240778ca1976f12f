"""A real DVC project in a Git repository, with the shape of this one and stages of a fraction of a second."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

TASKS = ("ladle", "kettle")
_GRAPH = """\
stages:
  demos:
    foreach: ${tasks}
    do:
      cmd: python stage.py demos ${item}
      params: [version]
      outs:
        - data/${item}/demos.txt
  gate_demos:
    foreach: ${tasks}
    do:
      cmd: python stage.py gate_demos ${item}
      deps:
        - data/${item}/demos.txt
      metrics:
        - reports/demos/${item}/gate.json:
            cache: false
      outs:
        - reports/demos/${item}/gate.md:
            cache: false
  prior:
    foreach: ${tasks}
    do:
      cmd: python stage.py prior ${item}
      deps:
        - data/${item}/demos.txt
        - reports/demos/${item}/gate.json
      outs:
        - data/${item}/prior.txt:
            persist: true
  steer:
    foreach: ${tasks}
    do:
      cmd: python stage.py steer ${item}
      deps:
        - data/${item}/prior.txt
      outs:
        - data/${item}/steer.txt
  gate_steer:
    foreach: ${tasks}
    do:
      cmd: python stage.py gate_steer ${item}
      deps:
        - data/${item}/steer.txt
      metrics:
        - reports/steer/${item}/gate.json:
            cache: false
  evaluate:
    foreach: ${tasks}
    do:
      cmd: python stage.py evaluate ${item}
      deps:
        - data/${item}/prior.txt
        - data/${item}/steer.txt
      outs:
        - data/${item}/evaluate.txt
        - reports/${item}/table.md:
            cache: false
      metrics:
        - reports/${item}/metrics.json:
            cache: false
      plots:
        - reports/${item}/map.png:
            cache: false
"""
_DVC = {
    "config": "[core]\n    analytics = false\n    autostage = false\n    check_update = false\n",
    ".gitignore": "/config.local\n/tmp\n/cache\n",
}
_IGNORED = "/ran\n/behave/\n/beats/\n/data/\n__pycache__/\n"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def run(folder: Path, *command: str) -> str:
    """Run a command that must succeed; its output."""
    environment = {**os.environ, "PATH": PATH}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def make_project(folder: Path, graph: str = _GRAPH) -> Path:
    """Make the project in the new `folder`, committed, nothing of it run."""
    folder.mkdir(parents=True)
    (folder / "dvc.yaml").write_text(graph)
    (folder / "params.yaml").write_text(f"tasks: [{', '.join(TASKS)}]\nversion: 1\n")
    (folder / ".gitignore").write_text(_IGNORED)
    shutil.copy(Path(__file__).with_name("small_stage.py"), folder / "stage.py")
    run(folder, "git", "init", "-q")
    (folder / ".dvc").mkdir()
    for name, text in _DVC.items():  # as `dvc init` and three times `dvc config` do, which takes seconds
        (folder / ".dvc" / name).write_text(text)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit all that Git does not ignore."""
    run(folder, "git", "add", "-A")
    run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "project")


def change_version(folder: Path) -> None:
    """Change the parameter that all stages hang on."""
    path = folder / "params.yaml"
    path.write_text(path.read_text().replace("version: ", "version: 1"))


def behave(folder: Path, stage: str, how: str) -> None:
    """Have `stage` (such as demos@ladle) behave as small_stage.py describes."""
    (folder / "behave").mkdir(exist_ok=True)
    (folder / "behave" / stage).write_text(how)


def ran(folder: Path) -> list[str]:
    """The stages that were run, in order."""
    path = folder / "ran"
    return path.read_text().split() if path.exists() else []


def wait_for(happened: object, seconds: float = 30.0) -> float:
    """Seconds until the function `happened` returned something true; fails after `seconds`."""
    begun = time.monotonic()
    while not happened():  # type: ignore[operator]
        assert time.monotonic() - begun < seconds, f"did not happen within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun


def beating(folder: Path) -> bool:
    """Whether both processes of a long stage have begun to write."""
    beats = folder / "beats"
    return beats.is_dir() and any(path.suffix == ".worker" for path in beats.iterdir())


def pids(folder: Path) -> set[int]:
    """The processes that wrote to beats/ so far."""
    return {int(line) for path in (folder / "beats").iterdir() for line in path.read_text().split()}


def alive(folder: Path) -> set[int]:
    """Those of `pids` that have not ended."""
    return {pid for pid in pids(folder) if _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
