"""The gates of prior, steer and evaluate, on the reports of a real run: each threshold just met and just broken."""

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expertgen.data.checkpoints import save_checkpoint
from expertgen.data.provenance import provenance
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.params import Params
from expertgen.stages.gate_inputs import GATES as INPUTS
from expertgen.workspace import Workspace
from tests.gates.recorded import GATES, TASK, broken

REPORTS = Path(__file__).parents[2] / "reports" / TASK
FINITE = {"actor.weight": np.ones((2, 3), np.float32), "count": np.array([7])}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Small sound checkpoints, a curve, and reports of the released ones, the pre-flight's as if of this prior."""
    made = Workspace(tmp_path, TASK)
    for name in ("prior", "expert"):
        save_checkpoint(made.data(name), FINITE, {})
    for name in ("preflight", "metrics"):
        rewrite(made, name, json.loads((REPORTS / f"{name}.json").read_text(encoding="utf-8")))
    rates = [{"n": 256, "successes": count, "rate": count / 256, "low": 0.0, "high": 1.0} for count in (190, 251)]
    rewrite(made, "curve", [
        {"decisions": 60_000 * (1 + number), "wall_time_s": 9.0, "success_any": rate, "success_end": rate}
        for number, rate in enumerate(rates)
    ])  # fmt: skip
    preflight = read(made, "preflight")
    preflight["provenance"] = provenance("preflight", TASK, 0, {}, {"prior": made.data("prior")})
    rewrite(made, "preflight", preflight)
    return made


def read(workspace: Workspace, name: str) -> Any:
    return json.loads((workspace.reports / f"{name}.json").read_text(encoding="utf-8"))


def rewrite(workspace: Workspace, name: str, values: Any) -> None:
    workspace.reports.mkdir(parents=True, exist_ok=True)
    (workspace.reports / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")


def judged(gate: str, params: Params, workspace: Workspace, **limits: float) -> dict[str, list[int | str]]:
    """What breaks under the tests' thresholds with `limits` in their place."""
    section = dataclasses.replace(getattr(GATES, gate), **limits)
    changed = dataclasses.replace(params, gates=dataclasses.replace(GATES, **{gate: section}))
    return broken(INPUTS[gate](changed, TASK, workspace).parts)


def test_prior(params: Params, workspace: Workspace) -> None:
    report = read(workspace, "preflight")
    gaussian, zero, best = (report[name]["rate"] for name in ("gaussian", "zero", "best_of_n"))
    met = {
        "starts": report["starts"], "gaussian_min": gaussian, "gaussian_max": gaussian, "zero_min": zero,
        "best_of_n_min": best,
    }
    assert judged("prior", params, workspace, **met) == {}
    beyond = {name: value + (-1e-9 if name.endswith("max") else 1e-9) for name, value in met.items()}
    assert judged("prior", params, workspace, **beyond) == {
        "enough starts": ["Gaussian noise", "zero noise", "best of N noises"],
        "Gaussian noise succeeds": ["Gaussian noise"],
        "Gaussian noise leaves headroom": ["Gaussian noise"],
        "zero noise succeeds": ["zero noise"],
        "the best of N noises succeeds": ["best of N noises"],
    }


def test_prior_with_a_tensor_that_is_not_finite(params: Params, workspace: Workspace) -> None:
    save_checkpoint(workspace.data("prior"), FINITE | {"bias": np.array([0.0, np.inf], np.float32)}, {})
    found = judged("prior", params, workspace)
    assert found == {"finite tensors": ["bias"], "the report is of this checkpoint": ["preflight.json"]}


def test_steer(params: Params, workspace: Workspace) -> None:
    last = read(workspace, "curve")[-1]["success_end"]
    assert judged("steer", params, workspace, episodes=last["n"], success=last["rate"]) == {}
    found = judged("steer", params, workspace, episodes=last["n"], success=last["rate"] + 1e-9)
    assert found == {"the curve ends in success": [str(read(workspace, "curve")[-1]["decisions"])]}
    save_checkpoint(workspace.data("expert"), FINITE | {"bias": np.array([np.nan])}, {})
    assert judged("steer", params, workspace) == {"finite tensors": ["bias"]}


def test_evaluate(params: Params, workspace: Workspace) -> None:
    policies = read(workspace, "metrics")["policies"]
    expert, prior = policies["expert"]["success_end"], policies["prior"]["success_end"]
    met = {
        "episodes": expert["n"], "expert_min": expert["rate"], "expert_low": expert["low"] - 1e-12,
        "prior_min": prior["rate"], "prior_max": prior["rate"],
    }
    assert judged("evaluate", params, workspace, **met) == {}
    beyond = {name: value + (-1e-9 if name.endswith("max") else 1e-9) for name, value in met.items()}
    assert judged("evaluate", params, workspace, **beyond) == {
        "enough episodes": ["expert", "prior", "script", "zero"],
        "the expert succeeds": ["expert"],
        "the expert's interval lies high": ["expert"],
        "the prior succeeds": ["prior"],
        "the prior leaves headroom": ["prior"],
    }


def test_evaluate_on_starts_that_were_trained_on(params: Params, workspace: Workspace) -> None:
    metrics = read(workspace, "metrics")
    spoilt = copy.deepcopy(metrics)
    spoilt["seed"] = 1_000_000 - metrics["episodes"]  # ends where the demonstrations' seeds begin
    rewrite(workspace, "metrics", spoilt)
    assert judged("evaluate", params, workspace) == {}
    spoilt["seed"] += 1
    spoilt["policies"]["expert"] = copy.deepcopy(spoilt["policies"]["prior"]) | {"unhealthy": [{"seed": 3}]}
    rewrite(workspace, "metrics", spoilt)
    assert judged("evaluate", params, workspace) == {
        "few failed simulations": ["expert"],
        "the expert's interval lies above the prior's": ["expert"],
        "starts shared with none of the others": ["demonstrations"],
    }


def test_a_policy_that_was_not_evaluated_is_not_passed_over(params: Params, workspace: Workspace) -> None:
    metrics = read(workspace, "metrics")
    del metrics["policies"]["expert"]
    rewrite(workspace, "metrics", metrics)
    assert {"the expert succeeds", "the expert's interval lies high"} <= set(judged("evaluate", params, workspace))


def test_reports_that_cannot_be_judged_say_so(params: Params, workspace: Workspace) -> None:
    changed = dataclasses.replace(params, gates=GATES)
    path = workspace.reports / "curve.json"
    for text, error in (("[]", IncompatibleArtifact), ('[{"decisions": 1}]', IncompatibleArtifact),
                        ("[", CorruptArtifact)):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(error, match=r"curve\.json"):
            INPUTS["steer"](changed, TASK, workspace)
    path.unlink()
    with pytest.raises(MissingInput, match=r"curve\.json"):
        INPUTS["steer"](changed, TASK, workspace)
    shutil.rmtree(workspace.data("prior"))
    with pytest.raises(MissingInput, match="no checkpoint"):
        INPUTS["prior"](changed, TASK, workspace)
