"""Co-training: a tiny student goes on learning from its simulation and from trials that a few lines recorded."""

from __future__ import annotations

import dataclasses
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml

from expertgen.camera_env import Seen
from expertgen.cli import main
from expertgen.learn.cotraining import MixedMemory
from expertgen.learn.dagger import Dagger
from expertgen.models.student_network import StudentNetwork
from expertgen.params import as_dict, load_params
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.student import StudentPolicy
from expertgen.stages import cotrain, student_episodes
from expertgen.stages.distill import config_of
from expertgen.workspace import Workspace
from tests.trials.made import WINS, Robot, go, protocol, record

TASK, STEPS, SHARE, BATCH, MARK = "lift_banana", 10, 0.25, 8, 0.125
SIZES = {"samples": 20, "teacher_share": 0.5, "real_share": SHARE, "updates": 7, "learning_rate": 1e-3}


class Killed(BaseException):
    """Ends a run as a signal would, wherever it is."""


class Cameras(Robot):
    """Records of STEPS control steps without images, whose clouds are MARK and nothing else."""

    def __init__(self, params):
        super().__init__(WINS)
        self.vision = {name: value for name, value in as_dict(params.vision).items() if name != "randomise"}

    def run(self, order):
        won = super().run(order).success.all()
        points = np.full((STEPS, self.vision["cloud"]["points"], 3), MARK, np.float16)
        return record(STEPS, success=np.full(STEPS, won), points=points, vision=self.vision, frames={}, frame_times={})


def untaught(params, workspace):
    """A student that hardly leaves where it is."""
    torch.manual_seed(0)
    chunk, mean = torch.ones(params.prior.execute, 10), torch.zeros(params.prior.execute, 10)
    mean[:, 3], mean[:, 7] = 1, -1
    vision = {name: value for name, value in as_dict(params.vision).items() if name != "randomise"}
    network, told = StudentNetwork(config_of(params)), Normaliser(torch.zeros(17), torch.ones(17), 5.0)
    StudentPolicy(network, told, Normaliser(mean, 0.01 * chunk), vision).save(workspace.data("student"))


@pytest.fixture(scope="module")
def project(tmp_path_factory, tiny_student):
    """Parameters and a workspace with prior, expert, student and the trials `first`."""
    params, workspace = tiny_student(tmp_path_factory.mktemp("cotrain"), head="regression")
    values = as_dict(params) | {"cotrain": SIZES}
    (workspace.root / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    params = load_params(workspace.root / "params.yaml")
    untaught(params, workspace)
    go(workspace.data("trials") / "first", protocol(workspace.root, n=2), Cameras(params))
    return params, workspace


@pytest.fixture(scope="module")
def cotrained(project, tmp_path_factory):
    """A finished run in a copy of `project`, and the batches that were learnt from."""
    params, before = project
    root = tmp_path_factory.mktemp("cotrained") / "copy"
    shutil.copytree(before.root, root)
    batches, draw = [], MixedMemory.draw

    def noted(self, rows):
        batches.append(draw(self, rows))
        return batches[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MixedMemory, "draw", noted)
        cotrain.run(params, TASK, Workspace(root, TASK), ["first"])
    return SimpleNamespace(params=params, workspace=Workspace(root, TASK), batches=batches)


def outputs(workspace):
    folder = workspace.data(cotrain.STUDENT)
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return found | {"report": (workspace.reports / cotrain.REPORT).read_bytes()}


def test_batches_hold_the_share_of_real_samples(cotrained):
    assert len(cotrained.batches) == SIZES["updates"]
    for batch in cotrained.batches:
        real = (batch["seen"] == MARK).all((1, 2))
        assert len(real) == BATCH and real.sum() == SHARE * BATCH
        # Commands as the made records have them: 1 cm a step and a closed gripper.
        assert (batch["chunk"][real, :, 9] == 1).all()
        np.testing.assert_allclose(np.diff(batch["chunk"][real, :, 0]), 0.01, atol=1e-6)


def test_it_loads_predicts_and_is_another_than_before(cotrained):
    before, after = (StudentPolicy.load(cotrained.workspace.data(name)) for name in ("student", cotrain.STUDENT))
    assert after.config == before.config and after.vision == before.vision
    seen = Seen(torch.zeros(2, 17), points=torch.rand(2, 16, 3))
    chunk = after.act(seen)
    assert chunk.shape == (2, 8, 10) and torch.isfinite(chunk).all()
    assert not torch.equal(chunk, before.act(seen))
    torch.testing.assert_close(after.action_normaliser.mean, before.action_normaliser.mean)


def test_the_report_says_what_it_was_made_from(cotrained):
    told = json.loads((cotrained.workspace.reports / cotrain.REPORT).read_text())
    assert len(told["trials"]) == 3 and all(name.startswith("first/") for name in told["trials"])
    assert told["real_samples"] == 3 * (STEPS - 8 + 1) and told["simulated_samples"] == 24 and told["updates"] == 7
    assert told["before"] is None and told["after"]["success_end"]["n"] == cotrained.params.distill.evaluate_episodes
    provenance = json.loads((cotrained.workspace.data(cotrain.STUDENT) / "provenance.json").read_text())
    assert sorted(provenance["inputs"]) == ["expert", "prior", "student"]
    assert sorted(provenance["parameters"]["trials"]) == told["trials"]
    assert not cotrained.workspace.work("cotrain").exists() and not student_episodes._held


def test_a_second_time_there_is_nothing_to_do(cotrained, monkeypatch, capsys):
    monkeypatch.setattr(cotrain, "teach", None)
    cotrain.run(cotrained.params, TASK, cotrained.workspace, ["first"])
    assert "is up to date" in capsys.readouterr().err


def test_killed_and_resumed_it_equals_an_uninterrupted_run(project, cotrained, tmp_path, monkeypatch, capsys):
    params, before = project
    shutil.copytree(before.root, tmp_path / "copy")
    workspace, save = Workspace(tmp_path / "copy", TASK), Dagger.save_state
    monkeypatch.setattr(cotrain, "_EVERY", 3)
    for killed in (lambda dagger: dagger.samples == 12, lambda dagger: dagger.final_done == 3):

        def saved(self, path, killed=killed):
            save(self, path)
            if killed(self):
                raise Killed

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Dagger, "save_state", saved)
            cotrain.run(params, TASK, workspace, ["first"])
        assert not workspace.data(cotrain.STUDENT).exists()
    cotrain.run(params, TASK, workspace, ["first"])
    assert "going on from 24 samples, 3 updates" in capsys.readouterr().err
    assert outputs(workspace) == outputs(cotrained.workspace)


def test_without_a_share_nothing_real_is_read(project, changed, tmp_path, monkeypatch):
    params, before = project
    shutil.copytree(before.root, tmp_path / "copy", ignore=shutil.ignore_patterns("trials"))
    workspace = Workspace(tmp_path / "copy", TASK)
    for name in ("real_episodes", "real_samples"):
        monkeypatch.setattr(cotrain, name, None)
    cotrain.run(changed(params, "cotrain", real_share=0.0, updates=2), TASK, workspace, ["first"])
    told = json.loads((workspace.reports / cotrain.REPORT).read_text())
    assert told["trials"] == [] and told["real_samples"] == 0
    assert StudentPolicy.load(workspace.data(cotrain.STUDENT)).sees == "points"


def test_mistakes_are_one_message(project, capsys, tmp_path):
    params, workspace = project
    path = workspace.root / "params.yaml"
    for words, expected in (
        ([], "expected --trials NAME"), (["--trials", "second"], "no recorded trials at"),
        (["--trials", "first/009-1"], "no trial '009-1'"), (["--trials", "first", "../x"], "expected NAME"),
    ):  # fmt: skip
        assert main(["cotrain", TASK, *words, "--params", str(path)]) == 2
        assert expected in capsys.readouterr().err
    values = as_dict(dataclasses.replace(params, cotrain=dataclasses.replace(params.cotrain, real_share=0.0)))
    other = workspace.root / "other.yaml"
    other.write_text(yaml.safe_dump(values), encoding="utf-8")
    assert main(["cotrain", TASK, "--trials", "first", "--params", str(other)]) == 2
    assert "nothing of them would be learnt" in capsys.readouterr().err
    assert not workspace.data(cotrain.STUDENT).exists()
