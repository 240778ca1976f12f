"""What is read of processes, of this one and of its children."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from expertgen.processes import look_at, was_started_with

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
NAMED = "import sys; open('/proc/self/comm', 'w').write(') Z 1 ('); print(flush=True); sys.stdin.read()"


def test_a_child_is_known_by_its_parent_session_start_and_environment() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "SEEN"}
    child = subprocess.Popen(
        [sys.executable, "-c", NAMED], env=environment | {"SEEN": "1", "NOT": "SEEN=2"}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout is not None and child.stdout.readline()
    state = look_at(child.pid)
    assert state is not None and (state.parent, state.session) == (os.getpid(), os.getsid(0))
    assert look_at(child.pid) == state and state.start.isdigit()
    assert was_started_with(child.pid, "SEEN") and not was_started_with(child.pid, "SEE")
    assert not was_started_with(child.pid, "EEN")
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has asked how
    assert look_at(child.pid) is None
    child.communicate()
    assert look_at(child.pid) is None and not was_started_with(child.pid, "SEEN")
