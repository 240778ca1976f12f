"""An emulation in a process of its own: begun, waited for, ended."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from expertgen.emulation.remote import Remote
from expertgen.robots.faults import RobotFault


@contextlib.contextmanager
def emulation(task: str, params: Path, host: str, pace: str = "lockstep", patience: float = 120.0) -> Iterator[Remote]:
    """`expertgen robot emulate TASK` at `host`, an address 127.x.y.z that no other emulation uses, with the parameter
    file `params`; it ends with the block. Raises RobotFault if it does not begin within `patience` s."""
    command = [sys.executable, "-m", "expertgen", "robot", "emulate", task, "--host", host, "--pace", pace,
               "--params", str(params)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        with _connect(process, host, patience) as remote:
            yield remote
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _connect(process: subprocess.Popen[str], host: str, patience: float) -> Remote:
    end = time.monotonic() + patience
    while True:
        try:
            return Remote(host)
        except RobotFault as fault:
            if process.poll() is not None:
                said = process.stderr.read().strip() if process.stderr is not None else ""
                raise RobotFault(f"The emulation did not begin: {said[-500:]}") from None
            if time.monotonic() > end:
                raise RobotFault(f"The emulation did not begin within {patience:g} s: {fault}") from None
        time.sleep(0.1)
