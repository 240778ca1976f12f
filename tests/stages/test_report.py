"""The report on all tasks: from whatever stands there, at the command line."""

from __future__ import annotations

import pytest

from expertgen import cli
from expertgen.errors import CorruptArtifact
from expertgen.stages import evaluate, perturb, report

TASK = "lift_banana"


@pytest.fixture
def ready(small, changed, untrained):
    """Small parameters with episodes of two chunks, and untrained checkpoints."""
    params, workspace = small
    params = changed(params, "simulation", episode_steps=16)
    untrained(params, workspace)
    return params, workspace


def test_with_nothing_measured_it_says_so(small, capsys) -> None:
    _, workspace = small
    assert cli.main(["--params", str(workspace.root / "params.yaml"), "report"]) == 0
    assert "from 0 of metrics.json" in capsys.readouterr().out
    text = (workspace.root / "reports" / "anytask.md").read_text(encoding="utf-8")
    assert "not measured / 56.3 ± 3.1" in text and "Not measured." in text and "Isaac Lab" in text
    assert "None" not in text
    assert [path.name for path in (workspace.root / "reports" / "anytask").iterdir()] == ["success.png"]


def test_it_shows_what_the_stages_measured_and_repeats(ready) -> None:
    params, workspace = ready
    evaluate.run(params, TASK, workspace)
    perturb.run(params, TASK, workspace)
    report.run(params, workspace.root)
    reports = workspace.root / "reports"
    files = ["anytask.md", *(f"anytask/{name}.png" for name in ("success", "success_maps", "perturbations"))]
    first = {name: (reports / name).read_bytes() for name in files}
    text = first["anytask.md"].decode()
    assert all(f"({name})" in text for name in files[1:]) and "Recovered or not" in text and "rad^2/s^6" in text
    assert "6 starts, seeds 20000 to 20005" in text and str(workspace.root) not in text
    report.run(params, workspace.root)
    assert {name: (reports / name).read_bytes() for name in files} == first
    (workspace.reports / "perturbations.json").unlink()
    report.run(params, workspace.root)
    assert not (reports / "anytask" / "perturbations.png").exists()
    (workspace.reports / "metrics.json").write_text("{")
    before = (reports / "anytask.md").read_bytes()
    with pytest.raises(CorruptArtifact, match=r"metrics\.json"):
        report.run(params, workspace.root)
    assert (reports / "anytask.md").read_bytes() == before
