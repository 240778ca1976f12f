"""Who notices when the control loop itself hangs. Wall time; for hardware.

The watchdog is a thread: it stops the arm when the loop gives no sign, as when a driver's call does not return. The
supervisor is a process: it ends the whole control process when even the watchdog's thread does not run, as when some
code keeps Python's lock. A Franka whose client is gone brakes and reports a reflex by itself. Neither is safety-rated.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable


class Watchdog:
    """Calls `stop` once if `beat` is not called for `limit` s; `why` then says so. `stop` runs in the watchdog's thread
    and may be called while the loop hangs within another call to the same driver."""

    def __init__(self, stop: Callable[[], None], limit: float) -> None:
        self._stop, self._limit = stop, limit
        self._beaten, self._ended = threading.Event(), threading.Event()
        self.why = ""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def beat(self) -> None:
        self._beaten.set()

    def close(self) -> None:
        self._ended.set()
        self._beaten.set()

    def _watch(self) -> None:
        self._beaten.wait()  # nothing is due before the first
        while not self._ended.is_set():
            self._beaten.clear()
            if not self._beaten.wait(self._limit) and not self._ended.is_set():
                self.why = f"the control loop gave no sign for {self._limit:g} s"
                self._stop()
                return


class Supervisor:
    """Ends this process by SIGKILL if `beat` is not called for `limit` s. `close` dismisses it."""

    def __init__(self, limit: float) -> None:
        command = [sys.executable, "-m", "expertgen.robots.watchdog", str(os.getpid()), str(limit)]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0)
        assert self._child.stdin is not None
        self._pipe = self._child.stdin
        os.set_blocking(self._pipe.fileno(), False)

    def beat(self) -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            self._pipe.write(b".")

    def close(self) -> None:
        self._pipe.close()
        self._child.wait()


def supervise(parent: int, limit: float) -> None:
    """The supervising process: read signs from standard input until it is closed or none comes for `limit` s."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the control process's to handle
    begun = False
    while True:
        ready, _, _ = select.select([sys.stdin.fileno()], [], [], limit if begun else None)
        if not ready:
            if os.getppid() == parent:  # else it has ended, and its number may be another's
                os.kill(parent, signal.SIGKILL)
            return
        if not os.read(sys.stdin.fileno(), 65536):
            return
        begun = True
        time.sleep(limit / 20)  # one look for many signs


if __name__ == "__main__":
    supervise(int(sys.argv[1]), float(sys.argv[2]))
