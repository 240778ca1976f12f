"""The gate as a stage: what it writes, when consumers are stopped, and what changes no byte."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from expertgen.data.checkpoints import save_checkpoint
from expertgen.data.hashing import tree_sha256
from expertgen.errors import MissingInput, UnknownName
from expertgen.gates.verdict import GateFailed
from expertgen.params import Params, as_dict
from expertgen.stages import gate
from expertgen.workspace import Workspace
from tests.gates.recorded import GATES, TASK, Recorded

ROOT = Path(__file__).parents[2]
# Run in a process of its own, in which no address can be reached.
PROGRAM = f"""
import sys
from pathlib import Path
sys.addaudithook(lambda event, _: sys.exit(event) if event.startswith(("socket.connect", "socket.getaddr")) else None)
from expertgen.params import load_params
from expertgen.stages import gate
from expertgen.workspace import Workspace
gate.run("demos", load_params(Path("params.yaml")), {TASK!r}, Workspace(Path.cwd(), {TASK!r}))
"""


@pytest.fixture
def workspace(demonstrated: Recorded, tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path, TASK)
    demonstrated.write(made.data("demos"))
    return made


def files(workspace: Workspace, stage: str = "demos") -> dict[str, bytes]:
    folder = workspace.root / "reports" / stage / TASK
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def with_limits(params: Params, **limits: float) -> Params:
    return dataclasses.replace(
        params, gates=dataclasses.replace(GATES, demos=dataclasses.replace(GATES.demos, **limits))
    )


def test_two_processes_write_the_same_bytes_without_a_network(params: Params, workspace: Workspace, capsys) -> None:
    gate.run("demos", params, TASK, workspace)
    assert capsys.readouterr().out == "gate demos: passed. 21 of 21 expectations are met.\n"
    first = files(workspace)
    assert set(first) == {"gate.json", "gate.md", "passed.json"}
    assert str(workspace.root).encode() not in b"".join(first.values())
    (workspace.root / "params.yaml").write_text(yaml.safe_dump(as_dict(params)), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "1"}
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=workspace.root, env=environment, check=True, timeout=300)
    assert files(workspace) == first


def test_a_threshold_that_is_still_met_changes_no_byte_of_what_consumers_see(
    params: Params, workspace: Workspace
) -> None:
    gate.run("demos", params, TASK, workspace)
    first = files(workspace)
    gate.run("demos", with_limits(params, joint_margin=0.01), TASK, workspace)
    second = files(workspace)
    assert second["passed.json"] == first["passed.json"] and second["gate.json"] != first["gate.json"]
    passed = json.loads(first["passed.json"])
    assert passed["passed"] is True and list(passed) == ["passed", "sha256"]
    assert list(passed["sha256"]) == [f"data/{TASK}/demos"]


def test_a_failed_gate_names_episodes_stops_consumers_and_keeps_what_it_judged(
    params: Params, workspace: Workspace, demonstrated: Recorded
) -> None:
    gate.run("demos", params, TASK, workspace)
    demonstrated.steps["action"][7, 30, 0] += 0.2
    demonstrated.write(workspace.data("demos"))
    kept = tree_sha256(workspace.data("demos"))
    with pytest.raises(GateFailed) as error:
        gate.run("demos", params, TASK, workspace)
    words = ("no jump of commanded positions", "gates.demos.position_jump", "episodes at fault: 7 (seed 1000007)",
             f"reports/demos/{TASK}/gate.md")
    assert all(word in str(error.value) for word in words)
    written = files(workspace)
    assert set(written) == {"gate.json", "gate.md"}
    report = json.loads(written["gate.json"])
    assert report["passed"] is False and report["broken"] == {"critical": 1, "warning": 0}
    (jump,) = (found for found in report["expectations"] if not found["passed"])
    assert jump["failing"]["count"] == 1 and jump["failing"]["first"][0]["seed"] == 1_000_007
    assert jump["thresholds"] == {"gates.demos.position_jump": 0.05}
    page = written["gate.md"].decode()
    assert page.startswith(f"# Gate demos, {TASK}: FAILED\n") and "| 7 | 1000007 | 0.2" in page
    assert tree_sha256(workspace.data("demos")) == kept
    gate.run("demos", with_limits(params, position_jump=0.3), TASK, workspace)
    assert "passed.json" in files(workspace)


def test_a_warning_stops_nobody_and_wall_times_reach_no_report(params: Params, tmp_path: Path, capsys) -> None:
    workspace = Workspace(tmp_path, TASK)
    save_checkpoint(workspace.data("prior"), {"weight": np.ones(2)}, {})
    save_checkpoint(workspace.data("expert"), {"weight": np.ones(2)}, {})
    workspace.reports.mkdir(parents=True)
    good = {"n": 256, "successes": 251, "rate": 251 / 256, "low": 0.955, "high": 0.992}
    points = [{"decisions": 1024, "wall_time_s": 9.0, "success_any": good, "success_end": good}]
    for seconds in (0.0, 1.0):
        for point in points:
            point["wall_time_s"] += seconds
        (workspace.reports / "curve.json").write_text(json.dumps(points), encoding="utf-8")
        gate.run("steer", params, TASK, workspace)
        if not seconds:
            first = files(workspace, "steer")
    assert files(workspace, "steer") == first

    metrics = (ROOT / "reports" / TASK / "metrics.json").read_bytes()
    (workspace.reports / "metrics.json").write_bytes(metrics)
    low = dataclasses.replace(GATES, evaluate=dataclasses.replace(GATES.evaluate, prior_max=0.1))
    capsys.readouterr()
    gate.run("evaluate", dataclasses.replace(params, gates=low), TASK, workspace)
    assert "warning: the prior leaves headroom" in capsys.readouterr().out
    assert json.loads(files(workspace, "evaluate")["passed.json"])["passed"] is True


def test_what_cannot_be_judged_leaves_no_pass_behind(params: Params, workspace: Workspace) -> None:
    passed = workspace.root / "reports" / "rollouts" / TASK / "passed.json"
    passed.parent.mkdir(parents=True)
    passed.write_text("{}", encoding="utf-8")
    with pytest.raises(MissingInput):
        gate.run("rollouts", params, TASK, workspace)
    assert not passed.exists()
    with pytest.raises(UnknownName, match="demos, distill, evaluate, prior, rollouts, steer"):
        gate.run("preflight", params, TASK, workspace)
