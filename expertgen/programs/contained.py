"""A program run contained: in a process that can do nothing but compute, and ask for skills over a pipe."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

import expertgen
from expertgen.geometry import Array
from expertgen.programs import child
from expertgen.programs.calls import SKILLS, Calls
from expertgen.programs.limits import LIMITS, MESSAGE_BYTES, SOURCE_BYTES, Limits
from expertgen.programs.verdict import Kind, ProgramFailed, Verdict
from expertgen.skills import Planner

_ROOT = str(Path(expertgen.__file__).parents[1])
_START = f"import sys; sys.path.insert(0, sys.argv[1]); from {child.__name__} import main; main()"
_CLOSING_SECONDS = 2.0  # for a process that has closed its pipes to be gone
_ENDS: tuple[Kind, ...] = ("ok", "refused", "raised", "memory")


class ContainedProgram:
    """A program's text as a script: called with a Planner it makes the plans, as `Benchmark.script` does.

    workspace (2, 3): lowest and highest x, y, z of targets, m, base frame. One process serves a whole batch.
    """

    def __init__(self, source: str, workspace: Array, limits: Limits = LIMITS) -> None:
        self.source, self.workspace, self.limits = source, workspace, limits
        self.filtered = False  # whether the kernel filtered the last run's system calls

    def __call__(self, planner: Planner) -> None:
        """Run the program. Raises ProgramFailed, with what a person can do in its verdict; the plans then are void."""
        if len(self.source.encode("utf-8", "replace")) > SOURCE_BYTES:
            raise ProgramFailed(Verdict("refused", f"the program is longer than {SOURCE_BYTES} bytes"))
        with _Process(self.limits) as process:
            self._serve(process, planner)
        if not all(np.isfinite(part).all() for plan in planner.plans for part in plan):
            raise ProgramFailed(Verdict("not_finite", "the plans hold values that are not finite"))

    def _serve(self, process: _Process, planner: Planner) -> None:
        calls = Calls(planner, self.workspace, self.limits)
        process.send({
            "source": self.source, "skills": sorted(SKILLS), "num_envs": len(planner.position),
            "cpu_seconds": self.limits.cpu_seconds, "memory_bytes": self.limits.memory_bytes,
        })  # fmt: skip
        self.filtered = process.receive().get("filtered") is True
        while True:
            message = process.receive()
            if "end" in message:
                verdict = _verdict(message)
                if not verdict.ok:
                    raise ProgramFailed(verdict)
                return
            process.send(calls.call(message.get("call"), message.get("args"), message.get("named")))


class _Process:
    """The process group that a program runs in; it has ended when the block ends, whatever happens in either."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self._late = limits, False

    def __enter__(self) -> _Process:
        # Isolated, without site-packages, environment and working directory; stderr is for defects of Python alone.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-c", _START, _ROOT], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={}, cwd="/", start_new_session=True,
        )  # fmt: skip
        self._timer = threading.Timer(self.limits.wall_seconds, self._end_late)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()
        self._timer.join()  # before the process is waited for, after which its id may be another's
        self._kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what it did not read
                _open(stream).close()

    def send(self, message: Any) -> None:
        try:
            stream = _open(self._process.stdin)
            stream.write(json.dumps(message).encode("utf-8") + b"\n")
            stream.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def receive(self) -> dict[str, Any]:
        line = _open(self._process.stdout).readline(MESSAGE_BYTES)
        if not line.endswith(b"\n"):
            if len(line) == MESSAGE_BYTES:
                raise ProgramFailed(Verdict("protocol", f"found a call with more than {MESSAGE_BYTES} bytes"))
            raise self._ended()
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise ProgramFailed(Verdict("protocol", "what came out of the program's process is no call"))
        return message

    def _ended(self) -> ProgramFailed:
        """Why the process has closed its end of the pipes."""
        self._timer.cancel()
        self._timer.join()
        status, limits = self._status(), self.limits
        if status is None:
            return ProgramFailed(Verdict("crashed", "the program closed its pipes"))
        if self._late:
            return ProgramFailed(Verdict("time", f"it had not ended after {limits.wall_seconds:g} s"))
        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            return ProgramFailed(Verdict("time", f"it had not ended after {limits.cpu_seconds} s of computing"))
        name = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        return ProgramFailed(Verdict("crashed", f"its process ended {name}, so it did something that is not allowed"))

    def _status(self) -> int | None:
        """As `Popen.returncode`, or None for a process that goes on. It is not yet waited for: until then its group
        keeps its id, and what it may have started can be ended with it."""
        until = time.monotonic() + _CLOSING_SECONDS
        while time.monotonic() < until:
            ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if ended is not None:
                return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
            time.sleep(0.01)
        return None

    def _end_late(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        if self._process.returncode is None:  # not yet waited for, so the id is its own
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _open(stream: Any) -> BinaryIO:
    assert stream is not None
    return stream


def _verdict(message: dict[str, Any]) -> Verdict:
    kind, text, line = message["end"], message.get("message"), message.get("line")
    if kind not in _ENDS or not isinstance(text, str) or not (line is None or type(line) is int):
        return Verdict("protocol", "what came out of the program's process is no end")
    return Verdict(kind, text[:1000], line)
