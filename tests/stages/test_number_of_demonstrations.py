"""benchmarks/number_of_demonstrations.py: the project's own stages on the first N demonstrations, resumed."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from expertgen.data.episodes import EpisodeStore
from expertgen.errors import IncompatibleArtifact

ROOT = Path(__file__).parents[2]
TASK = "lift_banana"


@pytest.fixture
def program():
    spec = importlib.util.spec_from_file_location("counts", ROOT / "benchmarks" / "number_of_demonstrations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_number_takes_the_first_and_nothing_is_done_twice(demonstrated, changed, program, capsys) -> None:
    params, workspace = demonstrated
    params = changed(params, "prior", iterations=10, train_on="all")
    params = changed(params, "steer", decisions=48, evaluate_every=48)
    params = changed(params, "evaluate", episodes=4)
    program.measure(params, TASK, workspace.root, [10, 4])
    written = workspace.root / "reports" / "demonstrations" / f"{TASK}.json"
    report = json.loads(written.read_text())
    assert [point["demonstrations"] for point in report["points"]] == [4, 10]
    for point in report["points"]:
        assert point["prior"]["success_any"]["n"] == point["expert"]["success_end"]["n"] == 4
    assert written.with_suffix(".png").stat().st_size > 10_000
    folder = workspace.root / "runs" / "demonstrations"
    assert EpisodeStore.open(folder / "4" / "data" / TASK / "demos").num_episodes == 4
    assert not workspace.data("prior").exists()  # what is committed is left alone
    told = capsys.readouterr().err
    assert "demos: " + str(folder / "10" / "data" / TASK / "demos") + " is up to date" in told  # those that were there
    before = written.read_bytes()
    program.measure(params, TASK, workspace.root, [4])
    told = capsys.readouterr()
    assert told.err.count("is up to date") == 3 and "at any time" not in told.out
    assert written.read_bytes() == before


def test_other_demonstrations_are_refused(demonstrated, changed, program) -> None:
    params, workspace = demonstrated
    with pytest.raises(IncompatibleArtifact, match="first 4 demonstrations"):
        program.measure(changed(params, "script", position_noise=0.0), TASK, workspace.root, [4])
