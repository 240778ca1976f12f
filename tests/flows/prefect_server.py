"""A Prefect server of the tests' own, and the deployments of the small project served to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
Process = subprocess.Popen[str]
_START = 240.0  # s; a quiet machine needs 15


class Server:
    """The API of a running server; what a person sees in the pages comes from the same calls."""

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
        self.environment = kept | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(folder),
            "PREFECT_API_URL": self.url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
            "DO_NOT_TRACK": "1",
            **settings,
        }

    def call(self, method: str, path: str, **body: Any) -> Any:
        """The answer to a request; one that a busy server puts off is repeated, as Prefect's own client does."""
        for _ in range(20):
            answer = httpx.request(method, f"{self.url}{path}", json=body or None, timeout=60)
            if answer.status_code != 503:
                break
            time.sleep(1)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def prefect(self, *arguments: str) -> str:
        """Run `prefect ARGUMENT...` as a person would; its output."""
        command = [str(BIN / "prefect"), "--no-prompt", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, deployment: str, **parameters: Any) -> str:
        """Ask for a run of FLOW/NAME; its id."""
        found = self.call("GET", f"/deployments/name/{deployment}")
        run = self.call("POST", f"/deployments/{found['id']}/create_flow_run", parameters=parameters, state=_SCHEDULED)
        return str(run["id"])

    def state(self, run: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/flow_runs/{run}")["state"])

    def end(self, run: str, seconds: float = 240.0) -> dict[str, Any]:
        """The state a run ends in."""
        deadline = time.monotonic() + seconds
        while (state := self.state(run))["type"] not in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            assert time.monotonic() < deadline, f"{run} is still {state['name']} after {seconds} s"
            time.sleep(0.3)
        return state

    def stages(self, run: str, ended: int = 0) -> dict[str, str]:
        """The names of the states of a run's stages; the server hears of them a little late, so of at least `ended`."""
        deadline = time.monotonic() + 60
        while True:
            found = self.call("POST", "/task_runs/filter", flow_runs=_only(run), sort="EXPECTED_START_TIME_ASC")
            states = {task["name"]: task["state_name"] for task in found}
            busy = [name for name in states.values() if name in ("Pending", "Running")]
            if (len(states) >= ended and not busy) or time.monotonic() > deadline:
                return states
            time.sleep(0.5)

    def logs(self, run: str) -> list[str]:
        found = self.call("POST", "/logs/filter", logs={"flow_run_id": {"any_": [run]}}, sort="TIMESTAMP_ASC")
        return [line["message"] for line in found]

    def artifacts(self, run: str) -> dict[str, dict[str, Any]]:
        return {found["key"]: found for found in self.call("POST", "/artifacts/filter", flow_runs=_only(run))}


_SCHEDULED = {"type": "SCHEDULED"}


def _only(run: str) -> dict[str, Any]:
    return {"id": {"any_": [run]}}


@contextmanager
def running_server(folder: Path, **settings: str) -> Iterator[Server]:
    """A server that keeps all it has in `folder`."""
    server = Server(folder, **settings)
    command = [str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(server.port)]
    with (folder / "server.log").open("w") as log:
        process = _start(command, server.environment, log)
    try:
        _wait_for(lambda: _answers(server), process, folder / "server.log")
        yield server
    finally:
        end(process)


def _answers(server: Server) -> bool:
    try:
        return httpx.get(f"{server.url}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def serve(server: Server, project: Path, *arguments: str) -> Process:
    """`python -m flows.serve` in `project`, once it is ready."""
    log = project.parent / f"serve-{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "flows.serve", *arguments]
    with log.open("w") as file:
        process = _start(command, server.environment, file, project)
    _wait_for(lambda: "polling for scheduled runs" in log.read_text(), process, log)
    return process


def _start(command: list[str], environment: dict[str, str], log: Any, folder: Path | None = None) -> Process:
    # A background shell's children ignore SIGINT, by which `end` asks them to end.
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=log, stderr=log, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


@contextmanager
def running_worker(server: Server, clone: Path, pool: str) -> Iterator[Process]:
    """`prefect worker start` in another clone of the project, which has packages of its own."""
    environment = server.environment | {"PYTHONPATH": str(clone)}
    command = [str(BIN / "prefect"), "worker", "start", "--pool", pool]
    with (clone.parent / "worker.log").open("w") as log:
        process = _start(command, environment, log, clone)
    try:
        yield process
    finally:
        end(process)


def _wait_for(ready: Any, process: Process, log: Path) -> None:
    deadline = time.monotonic() + _START
    while not ready():
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.3)


def end(process: Process) -> None:
    """End a process as Ctrl-C does, or by force."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
