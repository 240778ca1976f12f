"""DVC as a supervised process: its output line by line, its end for certain."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

_HERE = Path(__file__).parent
_STOP = 9.0  # s for the guardian to end everything; it needs 6 s at most


class SupervisedDvc:
    """`dvc ARGUMENT...` in `root`, in a session of its own, under a guardian (see `tasks.guardian`).

    `keep` are file descriptors that stay open until all of it has ended (locks); `watched` those of processes that it
    must not outlive. Leaving the block ends the command if it still runs, with all its descendants. `command`:
    another than dvc, under the same guardian.

        with SupervisedDvc(["repro", "steer@lift_banana"], root) as dvc:
            for line in dvc.lines(): ...
        dvc.report
    """

    def __init__(
        self, arguments: Sequence[str], root: Path, keep: Sequence[int] = (), watched: Sequence[int] = (),
        command: Sequence[str] = (),
    ) -> None:
        self.report: dict[str, Any] = {}
        """What `tasks.dvc_command` and `tasks.guardian` reported, once the block has been left."""
        self._report, report = os.pipe()
        # -P: scripts of this folder must not hide packages of the same name.
        dvc = [sys.executable, "-P", str(_HERE / "dvc_command.py"), str(report), "--wait-for-lock", *arguments]
        dvc = list(command) or dvc
        guardian = [sys.executable, "-I", "-S", str(_HERE / "guardian.py"), str(report), ",".join(map(str, watched))]
        try:
            self._process = subprocess.Popen(
                [*guardian, *dvc], cwd=root, env=_environment(), start_new_session=True,
                pass_fds=[report, *keep, *watched],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0,
            )  # fmt: skip
        finally:
            os.close(report)
        self._gone = os.pidfd_open(self._process.pid)

    def __enter__(self) -> SupervisedDvc:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.close()  # the guardian takes this as the order to stop
            deadline = time.monotonic() + _STOP
            while self._read(deadline):  # or a full pipe would keep what is to end
                pass
        finally:
            self._kill()
            self._process.wait()
            self._process.stdout.close()
            self._take_report()
            os.close(self._gone)

    def lines(self) -> Iterator[str]:
        """Each line of its output, without the line's end, as it comes; ends when everything has ended."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        rest = ""
        while data := self._read():
            *whole, rest = (rest + decoder.decode(data)).replace("\r", "\n").split("\n")
            yield from whole
        if rest:
            yield rest

    def _read(self, deadline: float | None = None) -> bytes:
        """The next output; nothing at its end, when the guardian has gone, or when it is past `deadline`."""
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(output, select.POLLIN)
        poll.register(self._gone, select.POLLIN)
        left = None if deadline is None else max(deadline - time.monotonic(), 0) * 1000
        ready = {descriptor for descriptor, _ in poll.poll(left)}
        if output in ready:
            return os.read(output, 65536)
        # Else the guardian ended while others still held its output: it was killed.
        return b""

    def _kill(self) -> None:
        """Should the guardian have been killed or be stuck: its process group holds all that did not leave it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _take_report(self) -> None:
        with os.fdopen(self._report, "rb") as report:
            for line in report.read().splitlines():
                self.report |= json.loads(line)


def _environment() -> dict[str, str]:
    """This interpreter's commands first; Prefect's settings, with its server's password, are none of a stage's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    folders = [str(Path(sys.executable).parent), *filter(None, [kept.get("PATH")])]
    return kept | {"PATH": os.pathsep.join(folders), "PYTHONUNBUFFERED": "1"}
