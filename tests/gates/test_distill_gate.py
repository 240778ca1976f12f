"""The gate of students, on made-up curves and small checkpoints: each threshold just met and just broken."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expertgen.data.checkpoints import save_checkpoint
from expertgen.errors import CorruptArtifact, ExpertGenError, IncompatibleArtifact, MissingInput
from expertgen.gates.verdict import GateFailed
from expertgen.metrics.wilson import Rate
from expertgen.params import Params
from expertgen.stages import gate
from expertgen.stages.gate_inputs import GATES as INPUTS
from expertgen.workspace import Workspace
from tests.gates.recorded import GATES, TASK, broken

FINITE = {"network.head.weight": np.ones((2, 3), np.float32), "action.scale": np.ones((8, 10), np.float32)}
LABELS = {"position_median": 0.004, "position_95": 0.02, "rotation_median": 0.03, "rotation_95": 0.1, "gripper": 0.98,
          "loss": 0.12}  # fmt: skip
SHOWN = {"points": {"points_min": 40, "points_median": 300.0, "empty": 0.0},
         "images": {"brightness_min": 60.0, "contrast_min": 25.0, "brightness_median": 120.0}}  # fmt: skip
LAST = "36 samples, 9 updates"
# Threshold → what the sound curve's last point shows of it, and what its expectation is called.
LIMITS = {
    "episodes": (200, "enough episodes"), "success": (0.9, "the curve ends in success"),
    "unhealthy": (0.005, "few failed simulations"), "position": (0.004, "positions near the teacher's"),
    "rotation": (0.03, "rotations near the teacher's"), "gripper": (0.98, "gripper commands agree"),
    "loss": (0.12, "small loss against the teacher"),
}  # fmt: skip
OF = {
    "points": LIMITS | {"points": (40, "clouds have points")},
    "images": LIMITS | {"brightness": (60.0, "images are bright enough"), "contrast": (25.0, "images have contrast")},
}  # fmt: skip
AT_MOST = ("unhealthy", "position", "rotation", "loss")
NUMBERS = {"position": "position_median", "rotation": "rotation_median", "gripper": "gripper", "loss": "loss",
           "points": "points_min", "brightness": "brightness_min", "contrast": "contrast_min"}  # fmt: skip


def point(sees: str, samples: int, successes: int, unhealthy: int = 0) -> dict[str, Any]:
    rate = Rate(successes, 200).to_json()
    return {"samples": samples, "updates": samples // 4, "success_any": rate, "success_end": rate,
            "unhealthy": unhealthy, "seeds": [3_250_000, 3_250_199], "labels": dict(LABELS),
            "shown": dict(SHOWN[sees])}  # fmt: skip


def made(folder: Path, sees: str = "points") -> Workspace:
    """A small sound student, and a curve that ends as LIMITS says and began with less."""
    workspace = Workspace(folder, TASK)
    save_checkpoint(workspace.data("student"), FINITE, {"config": {"sees": sees}})
    rewrite(workspace, [point(sees, 12, 20), point(sees, 36, 180, unhealthy=1)])
    return workspace


def rewrite(workspace: Workspace, points: Any) -> None:
    workspace.reports.mkdir(parents=True, exist_ok=True)
    (workspace.reports / "student_curve.json").write_text(json.dumps(points), encoding="utf-8")


def curve(workspace: Workspace) -> list[dict[str, Any]]:
    return json.loads((workspace.reports / "student_curve.json").read_text(encoding="utf-8"))


def limited(params: Params, **limits: float) -> Params:
    """The tests' thresholds with `limits` in their place."""
    section = dataclasses.replace(GATES.distill, **{"unhealthy": 0.005, **limits})
    return dataclasses.replace(params, gates=dataclasses.replace(GATES, distill=section))


def judged(params: Params, workspace: Workspace, **limits: float) -> dict[str, list[int | str]]:
    return broken(INPUTS["distill"](limited(params, **limits), TASK, workspace).parts)


@pytest.mark.parametrize("sees", ["points", "images"])
def test_all_thresholds_just_met(params: Params, tmp_path: Path, sees: str) -> None:
    assert judged(params, made(tmp_path, sees), **{name: value for name, (value, _) in OF[sees].items()}) == {}


@pytest.mark.parametrize("sees, name", [(sees, name) for sees in OF for name in OF[sees] if
                                        sees == "points" or name not in LIMITS])  # fmt: skip
def test_a_threshold_just_broken_is_told_and_nothing_else(params: Params, tmp_path: Path, sees: str, name: str) -> None:
    workspace = made(tmp_path, sees)
    value, expectation = OF[sees][name]
    beyond = value + (-1e-9 if name in AT_MOST else 1e-9)
    first = "12 samples, 3 updates"
    at_fault = {"episodes": [first, LAST], "success": [LAST], "unhealthy": [LAST]}.get(name) or [NUMBERS[name]]
    assert judged(params, workspace, **{name: beyond}) == {expectation: at_fault}


@pytest.mark.parametrize("sees", ["points", "images"])
def test_thresholds_of_what_a_student_does_not_see_are_not_asked(params: Params, tmp_path: Path, sees: str) -> None:
    unseen = {"points": {"brightness": 255.0, "contrast": 255.0}, "images": {"points": 512}}[sees]
    assert judged(params, made(tmp_path, sees), **unseen) == {}


@pytest.mark.parametrize("sees", ["points", "images"])
def test_a_number_that_was_not_measured_is_not_passed_over(params: Params, tmp_path: Path, sees: str) -> None:
    workspace = made(tmp_path, sees)
    points = curve(workspace)
    points[-1] |= {"labels": {}, "shown": {}}
    rewrite(workspace, points)
    missing = {expectation for name, (_, expectation) in OF[sees].items() if name in NUMBERS}
    assert set(judged(params, workspace)) == missing
    points[-1]["labels"] = LABELS | {"loss": float("nan")}
    points[-1]["shown"] = SHOWN[sees]
    rewrite(workspace, points)
    assert judged(params, workspace) == {"small loss against the teacher": ["loss"]}


def test_earlier_points_may_be_poor_but_have_to_be_sound(params: Params, tmp_path: Path) -> None:
    workspace = made(tmp_path)
    points = curve(workspace)
    points[0]["labels"] = dict.fromkeys(LABELS, 5.0)
    rewrite(workspace, points)
    assert judged(params, workspace, success=0.9, position=0.01) == {}
    points[0]["unhealthy"] = 2
    rewrite(workspace, points)
    assert judged(params, workspace) == {"few failed simulations": ["12 samples, 3 updates"]}


def test_a_tensor_that_is_not_finite(params: Params, tmp_path: Path) -> None:
    workspace = made(tmp_path)
    spoilt = FINITE | {"network.bias": np.array([0.0, np.nan], np.float32)}
    save_checkpoint(workspace.data("student"), spoilt, {"config": {"sees": "points"}})
    assert judged(params, workspace) == {"finite tensors": ["network.bias"]}


def test_it_passes_on_only_what_keeps_to_all_of_it(params: Params, tmp_path: Path, capsys) -> None:
    workspace = made(tmp_path)
    folder = workspace.gate("distill")
    gate.run("distill", limited(params), TASK, workspace)
    assert capsys.readouterr().out == "gate distill: passed. 9 of 9 expectations are met.\n"
    passed = json.loads((folder / "passed.json").read_text())
    assert passed["passed"] is True
    assert set(passed["sha256"]) == {f"data/{TASK}/student", f"reports/{TASK}/student_curve.json"}
    with pytest.raises(GateFailed, match=r"the curve ends in success.*\n*.*gates\.distill\.success"):
        gate.run("distill", limited(params, success=0.95), TASK, workspace)
    assert {path.name for path in folder.iterdir()} == {"gate.json", "gate.md"}
    assert "FAILED" in (folder / "gate.md").read_text()
    gate.run("distill", limited(params), TASK, workspace)
    assert json.loads((folder / "passed.json").read_text()) == passed


@pytest.mark.parametrize("text, error", [("[]", IncompatibleArtifact), ('[{"samples": 1}]', IncompatibleArtifact),
                                         ("[", CorruptArtifact), (None, MissingInput)])  # fmt: skip
def test_a_curve_that_cannot_be_judged_says_so_and_leaves_no_pass_behind(
    params: Params, tmp_path: Path, text: str | None, error: type[ExpertGenError]
) -> None:
    workspace = made(tmp_path)
    gate.run("distill", limited(params), TASK, workspace)
    path = workspace.reports / "student_curve.json"
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=r"student_curve\.json"):
        gate.run("distill", limited(params), TASK, workspace)
    assert not (workspace.gate("distill") / "passed.json").exists()


def test_another_kind_of_checkpoint_or_none_says_so(params: Params, tmp_path: Path) -> None:
    workspace = made(tmp_path)
    save_checkpoint(workspace.data("student"), FINITE, {})
    with pytest.raises(IncompatibleArtifact, match="student does not hold what its gate judges"):
        gate.run("distill", limited(params), TASK, workspace)
    workspace.data("student").rename(tmp_path / "away")
    with pytest.raises(MissingInput, match="no checkpoint"):
        gate.run("distill", limited(params), TASK, workspace)
