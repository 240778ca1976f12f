"""The steer stage: an expert on a small prior, interrupted and resumed, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expertgen.cli import main
from expertgen.learn.steering import Steering
from expertgen.stages import steer
from expertgen.stages.load_prior import load_prior
from expertgen.stages.policies import load_expert

TASK = "lift_banana"


class Killed(BaseException):
    """Ends a run as a signal would, wherever it is."""


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def ready(small, untrained):
    params, workspace = small
    untrained(params, workspace)
    for file in workspace.data("expert").iterdir():
        file.unlink()
    workspace.data("expert").rmdir()
    return params, workspace


def interrupt(monkeypatch, after: int) -> None:
    """Kill the run at the `after`-th writing of its state, once the state is there."""
    save, count = Steering.save_state, 0

    def saved(self, path):
        nonlocal count
        save(self, path)
        count += 1
        if count == after:
            raise Killed

    monkeypatch.setattr(Steering, "save_state", saved)


def test_it_writes_an_expert_and_a_curve(ready, capsys) -> None:
    params, workspace = ready
    steer.run(params, TASK, workspace)
    expert = load_expert(workspace, load_prior(workspace), params.simulation.episode_steps)
    assert expert.noise_space.params == params.steer.noise
    points = json.loads((workspace.reports / "curve.json").read_text())
    assert [point["decisions"] for point in points] == [0, 48, 96]
    assert all(point["success_any"]["n"] == params.steer.evaluate_episodes for point in points)
    assert not workspace.work("steer").exists()
    capsys.readouterr()
    steer.run(params, TASK, workspace)
    assert "up to date" in capsys.readouterr().err


def test_an_interrupted_run_gives_the_same_bytes(ready, monkeypatch, capsys) -> None:
    params, workspace = ready
    steer.run(params, TASK, workspace)
    whole = tree(workspace.data("expert"))
    (workspace.data("expert") / "provenance.json").unlink()
    with monkeypatch.context() as patch:
        interrupt(patch, after=1)
        with pytest.raises(Killed):
            steer.run(params, TASK, workspace)
    capsys.readouterr()
    steer.run(params, TASK, workspace)
    assert "going on from 48 decisions" in capsys.readouterr().err
    assert tree(workspace.data("expert")) == whole


def test_a_kill_between_expert_and_curve_leaves_no_mixture(ready, changed, monkeypatch) -> None:
    params, workspace = ready
    steer.run(params, TASK, workspace)
    curve = workspace.reports / "curve.json"
    first = curve.read_bytes()
    other = changed(params, "steer", evaluate_every=96)

    def killed(*_) -> None:
        raise Killed

    with monkeypatch.context() as patch:  # before the new expert is in place: the earlier pair stands
        patch.setattr(steer, "put_in_place", killed)
        with pytest.raises(Killed):
            steer.run(other, TASK, workspace)
    steer.run(params, TASK, workspace)
    assert curve.read_bytes() == first
    with monkeypatch.context() as patch:  # right after it: the next run brings the curve that belongs to it
        patch.setattr(steer, "atomic_write_json", killed)
        with pytest.raises(Killed):
            steer.run(other, TASK, workspace)
    assert curve.read_bytes() == first
    steer.run(other, TASK, workspace)
    assert [point["decisions"] for point in json.loads(curve.read_text())] == [0, 96]


def test_a_state_of_other_parameters_is_not_resumed(ready, changed, monkeypatch, capsys) -> None:
    params, workspace = ready
    with monkeypatch.context() as patch:
        interrupt(patch, after=1)
        with pytest.raises(Killed):
            steer.run(params, TASK, workspace)
    capsys.readouterr()
    steer.run(changed(params, "steer", gamma=0.9), TASK, workspace)
    assert "going on" not in capsys.readouterr().err


def test_the_same_expert_on_one_physics_thread_or_two(ready, changed) -> None:
    params, workspace = ready
    steer.run(params, TASK, workspace)
    one = tree(workspace.data("expert"))
    (workspace.data("expert") / "provenance.json").unlink()
    steer.run(changed(params, "simulation", num_threads=2), TASK, workspace)
    assert tree(workspace.data("expert")) == one


def test_a_missing_or_damaged_prior_is_one_screen_and_status_2(ready, capsys) -> None:
    _, workspace = ready
    arguments = ["--params", str(workspace.root / "params.yaml"), "steer", TASK]
    file = workspace.data("prior") / "tensors.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    assert main(arguments) == 2
    assert "tensors.safetensors" in capsys.readouterr().err
    assert file.read_bytes() == bytes(data)
    workspace.data("prior").rename(workspace.root / "elsewhere")
    assert main(arguments) == 2
    assert "expertgen prior" in capsys.readouterr().err
