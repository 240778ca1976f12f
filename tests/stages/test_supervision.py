"""What ends a stage from outside, and what does not: with processes as DVC, a shell and a person start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from expertgen import cli
from expertgen.cli import commands
from expertgen.stages.supervision import TERMINATED, Terminated, supervised

ROOT = Path(__file__).parents[2]
# Starts a command as DVC does, through a shell and with DVC_STAGE set for it alone, and waits for it.
STARTER = """
import os, subprocess, sys
stage, command = sys.argv[1:]
subprocess.run(["/bin/bash", "-c", command], env=os.environ | ({"DVC_STAGE": stage} if stage else {}))
"""
# Says who it is, and after a while becomes a stage, which works for ever.
STAGE = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from expertgen.stages.supervision import supervised
print(os.getpid(), flush=True)
time.sleep(float(sys.argv[2]))
with supervised():
    print("works", flush=True)
    while True:
        time.sleep(0.05)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="DVC is watched through /proc")
Start = Callable[..., tuple[subprocess.Popen[bytes], int]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """start(command="{}", dvc=True, delay=0.0) -> (starter, process id of the stage), once it works, or with a delay
    once it is there. `command` is what the shell is given, around the stage's own command."""
    (tmp_path / "stage.py").write_text(STAGE)
    begun: list[int] = []

    def begin(command: str = "{}", dvc: bool = True, delay: float = 0.0) -> tuple[subprocess.Popen[bytes], int]:
        said = tmp_path / "said"
        stage = f"{sys.executable} {tmp_path}/stage.py {ROOT} {delay} > {said} 2> {tmp_path}/err"
        environment = {name: value for name, value in os.environ.items() if name != "DVC_STAGE"}
        starter = subprocess.Popen(
            [sys.executable, "-c", STARTER, "demos@lift_banana" if dvc else "", command.format(stage)],
            env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        begun.append(starter.pid)
        lines = 1 if delay else 2
        until(lambda: said.exists() and len(said.read_text().splitlines()) >= lines)
        pid = int(said.read_text().splitlines()[0])
        begun.append(pid)
        return starter, pid

    yield begin
    for pid in begun:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


@linux
@pytest.mark.parametrize("command", ["{}", "{}; true"], ids=["shell replaced", "shell between"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_stage_ends_with_dvc(start: Start, tmp_path: Path, command: str, how: signal.Signals) -> None:
    dvc, stage = start(command)
    time.sleep(0.5)
    assert runs(stage)
    dvc.send_signal(how)
    dvc.wait()
    until(lambda: not runs(stage), 5.0)
    assert "DVC, which started this stage, is gone" in (tmp_path / "err").read_text()


@linux
def test_a_stage_ends_with_the_shell_between(start: Start) -> None:
    dvc, stage = start("{}; true")
    shell = int(Path(f"/proc/{stage}/stat").read_text().rsplit(")", 1)[1].split()[1])
    assert shell != dvc.pid
    os.kill(shell, signal.SIGKILL)
    until(lambda: not runs(stage), 5.0)


@linux
@pytest.mark.parametrize("command", ["{}", "{}; true"], ids=["shell replaced", "shell between"])
def test_a_stage_that_starts_when_dvc_is_gone_already_ends(start: Start, command: str) -> None:
    dvc, stage = start(command, delay=1.0)
    dvc.kill()
    dvc.wait()
    assert runs(stage)
    until(lambda: not runs(stage), 5.0)


def test_a_persons_stage_outlives_the_shell_it_was_started_from(start: Start) -> None:
    shell, stage = start("nohup {}", dvc=False)
    shell.kill()
    shell.wait()
    time.sleep(1.0)
    assert runs(stage)


def test_sigterm_is_told_like_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "_run_stage", lambda *_: signal.raise_signal(signal.SIGTERM))
    earlier = signal.getsignal(signal.SIGTERM)
    assert cli.main(["--params", str(ROOT / "params.yaml"), "demos", "lift_banana"]) == TERMINATED == 143
    assert "stopped by SIGTERM: run the same command again to resume" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == earlier and signal.alarm(0) == 0


def test_a_second_sigterm_does_not_disturb_the_clearing_up() -> None:
    cleared = False
    with pytest.raises(Terminated), supervised():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            cleared = True
    assert cleared


def test_what_swallows_the_exception_is_ended_by_the_kernel() -> None:
    code = (
        f"import signal, sys, time; sys.path.insert(0, {str(ROOT)!r})\n"
        "from expertgen.stages import supervision\n"
        "supervision._GRACE = 1\n"
        "with supervision.supervised():\n"
        "    try:\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "    except BaseException:\n"
        "        time.sleep(60)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == -signal.SIGALRM
