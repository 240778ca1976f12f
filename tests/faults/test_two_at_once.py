"""Two runs of the same stage at once: the second refuses and says which process runs the first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from expertgen import cli
from expertgen.workspace import Workspace
from tests.faults.project import Project
from tests.small_project import ROOT, TASK

HOLDER = """
import sys
from pathlib import Path
from expertgen.data.lock import stage_lock
with stage_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_by_hand_or_by_dvc_refuses_and_the_first_goes_on(project: Project) -> None:
    first = project.start(project.command("dvc", "demos"))
    lock = Workspace(project.folder, TASK).lock("demos")
    deadline = time.monotonic() + 120
    while not (lock.exists() and lock.read_text().strip()):
        assert time.monotonic() < deadline and first.poll() is None, project.output_of(first)
        time.sleep(0.01)
    stage = int(lock.read_text())
    os.kill(stage, signal.SIGSTOP)  # so that it does not end before the others have started
    try:
        by_hand = project.start(project.command("expertgen", "demos"))
        assert by_hand.wait(timeout=120) == cli.USER_ERROR
        told = project.output_of(by_hand)
        assert f"process {stage} is writing the same outputs" in told and "Traceback" not in told
        by_dvc = project.start(project.command("dvc", "demos"))
        assert by_dvc.wait(timeout=120) != 0
        assert f"is busy, it is being blocked by:\n  (PID {first.pid}): " in project.output_of(by_dvc)
    finally:
        os.kill(stage, signal.SIGCONT)
    assert first.wait(timeout=120) == 0, project.output_of(first)
    assert "is up to date" in project.run(project.command("expertgen", "demos"))


@pytest.mark.parametrize("stage", cli.STAGES)
def test_every_stage_refuses(stage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(Workspace(tmp_path, TASK).lock(stage))],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        assert cli.main(["--params", str(tmp_path / "params.yaml"), stage, TASK]) == cli.USER_ERROR
    finally:
        holder.communicate(input="")
    assert f"process {holder.pid} is writing the same outputs" in capsys.readouterr().err
