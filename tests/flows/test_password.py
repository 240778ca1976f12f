"""A server that wants a password."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.prefect_server import end, running_server, serve
from tests.tasks.small_project import make_project, ran


@pytest.mark.slow
def test_a_server_with_a_password_lets_in_who_has_it(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    with running_server(tmp_path, PREFECT_SERVER_API_AUTH_STRING="admin:secret") as locked:
        command = [sys.executable, "-m", "flows.serve"]
        refused = subprocess.run(command, cwd=project, env=locked.environment, capture_output=True, text=True)
        assert refused.returncode == 2 and "set PREFECT_API_AUTH_STRING" in refused.stderr
        assert "Traceback" not in refused.stderr
        locked.environment["PREFECT_API_AUTH_STRING"] = "admin:secret"
        process = serve(locked, project)
        try:
            assert "finished successfully" in locked.prefect("deployment", "run", "demos/ladle", "--watch")
        finally:
            end(process)
    assert ran(project) == ["demos@ladle", "gate_demos@ladle"]
