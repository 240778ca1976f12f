"""`expertgen robot emulate`, in words."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from expertgen.cli import main
from expertgen.params import load_params

ROOT = Path(__file__).parents[2]
HOST = f"127.{20 + os.getpid() % 200}.9"  # and a number: of this process's own


@pytest.mark.parametrize("host", ["192.168.0.1", "robot", "::1"])
def test_nothing_but_the_loopback_is_served(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["robot", "emulate", "lift_banana", "--host", host, "--params", str(ROOT / "params.yaml")]) == 2
    assert "127.0.0.1" in capsys.readouterr().err


def test_in_real_time_nobody_is_waited_for() -> None:
    emulator = pytest.importorskip("franky_sim") and importlib.import_module("expertgen.emulation.emulator").Emulator
    emulation = emulator("lift_banana", load_params(ROOT / "params.yaml").simulation, f"{HOST}.8", "realtime")
    try:
        for _ in range(30):
            emulation.turn()
        assert emulation.world.steps == 30
        with pytest.raises(OSError):
            emulator("lift_banana", load_params(ROOT / "params.yaml").simulation, f"{HOST}.8", "realtime")
    finally:
        emulation.close()


def test_it_says_how_to_connect_refuses_a_second_and_ends_cleanly() -> None:
    pytest.importorskip("franky_sim")
    host = f"{HOST}.9"
    command = [sys.executable, "-m", "expertgen", "robot", "emulate", "lift_banana", "--host", host]
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert host in first.stdout.readline()
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    first.send_signal(signal.SIGINT)
    said, complained = first.communicate(timeout=60)
    assert (first.returncode, complained) == (0, "")
    assert said.endswith("The emulation has ended.\n")
    assert second.returncode == 2 and "127.0.0.2" in second.stderr and "Traceback" not in second.stderr
