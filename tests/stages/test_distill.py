"""The distill stage: a student of a tiny expert, interrupted and resumed, and what it refuses."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from expertgen.cli import main
from expertgen.data.checkpoints import add_to_checkpoint
from expertgen.env import Env
from expertgen.errors import CorruptArtifact, MissingInput
from expertgen.learn.dagger import Dagger
from expertgen.params import Params
from expertgen.policies.student import StudentPolicy
from expertgen.stages import distill, distill_point, student_episodes
from expertgen.stages.starts import evaluation_seeds
from expertgen.workspace import Workspace

TASK = "lift_banana"


class Killed(BaseException):
    """Ends a run as a signal would, wherever it is."""


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def outputs(workspace: Workspace) -> dict[str, bytes]:
    return {**tree(workspace.data("student")), "curve": (workspace.reports / distill.CURVE).read_bytes()}


@pytest.fixture(scope="module")
def taught(tmp_path_factory, tiny_student):
    """A finished student of points, in a folder that is left as it is, and the (job, starts) that were played."""
    params, workspace = tiny_student(tmp_path_factory.mktemp("taught"))
    played, play = [], student_episodes.play

    def recorded(crew, job, seeds):
        played.append((job, seeds.tolist()))
        return play(crew, job, seeds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distill, "play", recorded)
        patch.setattr(distill_point, "play", recorded)
        distill.run(params, TASK, workspace)
    return SimpleNamespace(params=params, workspace=workspace, played=played)


@pytest.fixture
def finished(taught, tmp_path) -> tuple[Params, Workspace]:
    """A copy of `taught`."""
    shutil.copytree(taught.workspace.root, tmp_path / "copy")
    return taught.params, Workspace(tmp_path / "copy", TASK)


@pytest.fixture
def untaught(finished) -> tuple[Params, Workspace]:
    """The same without a student."""
    _, workspace = finished
    shutil.rmtree(workspace.data("student"))
    shutil.rmtree(workspace.kept("distill"))
    (workspace.reports / distill.CURVE).unlink()
    return finished


@pytest.fixture
def no_lessons(monkeypatch) -> None:
    """To teach is to be Killed."""

    def killed(*_):
        raise Killed

    monkeypatch.setattr(distill, "teach", killed)


def test_it_writes_a_student_and_a_curve(taught) -> None:
    params, workspace = taught.params, taught.workspace
    student = StudentPolicy.load(workspace.data("student"))
    assert student.config == distill.config_of(params)
    assert student.vision["width"] == 32 and "randomise" not in student.vision
    points = json.loads((workspace.reports / distill.CURVE).read_text())
    assert [(point["samples"], point["updates"]) for point in points] == [(12, 3), (24, 6), (36, 21)]
    for point in points:
        assert point["success_any"]["n"] == point["success_end"]["n"] == params.distill.evaluate_episodes
        assert point["unhealthy"] == 0 and 1 <= point["shown"]["points_min"] <= 16
        assert point["labels"]["loss"] > 0
    assert not workspace.work("distill").exists()
    inputs = json.loads((workspace.data("student") / "provenance.json").read_text())["inputs"]
    assert sorted(inputs) == ["expert", "prior"]


def test_who_acts_and_from_which_starts(taught) -> None:
    rounds = [(job, seeds) for job, seeds in taught.played if len(seeds) == taught.params.distill.envs]
    points = [(job, seeds) for job, seeds in taught.played if len(seeds) == taught.params.distill.evaluate_episodes]
    assert len(rounds) == len(points) == 3
    assert [job.share for job, _ in rounds] == [1.0, 0.5, 0.0] and rounds[0][0].student is None
    assert all(job.student is not None and job.share == 0.0 for job, _ in points)
    lessons = [seed for _, seeds in rounds for seed in seeds]
    assert len(set(lessons)) == len(lessons)
    assert all(seeds == points[0][1] for _, seeds in points)
    assert not {*lessons} & {*points[0][1]}
    assert not ({*lessons} | {*points[0][1]}) & {*evaluation_seeds(taught.params).tolist()}


def test_a_second_time_there_is_nothing_to_do(finished, no_lessons, capsys) -> None:
    params, workspace = finished
    before = outputs(workspace)
    distill.run(params, TASK, workspace)
    assert "is up to date" in capsys.readouterr().err
    assert outputs(workspace) == before


@pytest.mark.parametrize("removed", [("student", "curve"), ("student",), ("curve",)])
def test_removed_outputs_come_back(finished, no_lessons, capsys, removed: tuple[str, ...]) -> None:
    params, workspace = finished
    before = outputs(workspace)
    if "student" in removed:
        shutil.rmtree(workspace.data("student"))
    if "curve" in removed:
        (workspace.reports / distill.CURVE).unlink()
    distill.run(params, TASK, workspace)
    assert "is up to date" in capsys.readouterr().err
    assert outputs(workspace) == before


def test_what_changes_no_byte_makes_nothing_stale(finished, changed, no_lessons) -> None:
    params, workspace = finished
    params = changed(params, "distill", workers=2, tasks=("lift_banana", "lift_brick"))
    distill.run(changed(params, "simulation", num_threads=2), TASK, workspace)


@pytest.mark.parametrize("section, change", [
    ("student", {"width": 17}), ("student", {"head": "regression"}), ("distill", {"final_updates": 13}),
    ("distill", {"num_threads": 2}), ("vision", {"fovy": 43.0}), ("simulation", {"timestep": 0.001}), ("", {"seed": 1}),
])  # fmt: skip
def test_what_a_student_depends_on_makes_it_stale(finished, changed, no_lessons, section: str, change: dict) -> None:
    params, workspace = finished
    before = outputs(workspace)
    params = changed(params, section, **change) if section else dataclasses.replace(params, **change)
    with pytest.raises(Killed):
        distill.run(params, TASK, workspace)
    assert outputs(workspace) == before  # the earlier student stands until there is another


def test_another_expert_or_damage_makes_it_stale(finished, no_lessons, capsys) -> None:
    params, workspace = finished
    file = workspace.data("student") / "tensors.safetensors"
    sound = file.read_bytes()
    file.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with pytest.raises(Killed):
        distill.run(params, TASK, workspace)
    assert "is damaged; teaching it again" in capsys.readouterr().err
    file.write_bytes(sound)
    distill.run(params, TASK, workspace)
    add_to_checkpoint(workspace.data("expert"), "note.json", {"steered": "again"})
    with pytest.raises(Killed):
        distill.run(params, TASK, workspace)


def test_a_run_that_is_killed_three_times_gives_the_same_bytes(taught, untaught, monkeypatch, capsys) -> None:
    params, workspace = untaught
    monkeypatch.setattr(distill, "_EVERY", 5)
    save, learn = Dagger.save_state, Dagger.learn

    def saved_a_round(self, path):
        save(self, path)
        raise Killed

    def learnt_and_did_not_save(self, updates):  # the round's samples are in the memory, but not in the state
        yield from learn(self, updates)
        if self.rounds == 2:
            raise Killed

    def saved_final_updates(self, path):
        save(self, path)
        if self.final_done:
            raise Killed

    for name, killing in (("save_state", saved_a_round), ("learn", learnt_and_did_not_save),
                          ("save_state", saved_final_updates)):  # fmt: skip
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Dagger, name, killing)
            distill.run(params, TASK, workspace)
        assert not workspace.data("student").exists() and not student_episodes._held
    assert capsys.readouterr().err.count("going on from 12 samples") == 2
    distill.run(params, TASK, workspace)
    assert "going on from 36 samples" in capsys.readouterr().err
    assert outputs(workspace) == outputs(taught.workspace)
    assert not workspace.work("distill").exists()


def test_a_state_of_other_parameters_is_not_resumed_but_removed(finished, changed, monkeypatch) -> None:
    params, workspace = finished
    folders = []

    def killed(params, workspace, folder):
        assert not folder.exists()
        folder.mkdir(parents=True)
        folders.append(folder)
        assert list(folder.parent.iterdir()) == [folder]
        raise Killed

    monkeypatch.setattr(distill, "teach", killed)
    for width in (17, 18):
        with pytest.raises(Killed):
            distill.run(changed(params, "student", width=width), TASK, workspace)
    assert folders[0] != folders[1]


def test_teaching_in_a_folder_touches_nothing_beside_it(taught, changed, tmp_path) -> None:
    (tmp_path / "beside" / "it").mkdir(parents=True)
    few = changed(taught.params, "distill", samples=12, final_updates=0)
    dagger = distill.teach(few, taught.workspace, tmp_path / "mine")
    assert dagger.samples == 12 and [point["updates"] for point in dagger.curve] == [3]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["beside", "mine"] and (tmp_path / "beside" / "it").exists()


def test_a_state_that_lost_its_samples_is_not_resumed(taught, changed, tmp_path, capsys) -> None:
    few = changed(taught.params, "distill", samples=12, final_updates=0)
    first = distill.teach(few, taught.workspace, tmp_path / "mine")
    shutil.rmtree(tmp_path / "mine" / "memory")
    capsys.readouterr()
    second = distill.teach(few, taught.workspace, tmp_path / "mine")
    assert "starting afresh, since the state cannot be used" in capsys.readouterr().err
    assert second.curve == first.curve


def test_a_kill_between_student_and_curve_leaves_no_mixture(finished, changed, monkeypatch) -> None:
    params, workspace = finished
    before, curve = outputs(workspace), workspace.reports / distill.CURVE
    other = changed(params, "distill", final_updates=13)
    made = SimpleNamespace(policy=lambda: StudentPolicy.load(workspace.data("student")), curve=[{"samples": 1}])
    monkeypatch.setattr(distill, "teach", lambda *_: made)

    def killed(*_) -> None:
        raise Killed

    with monkeypatch.context() as patch:  # before the new student is in place: the earlier pair stands
        patch.setattr(distill, "put_in_place", killed)
        with pytest.raises(Killed):
            distill.run(other, TASK, workspace)
    distill.run(params, TASK, workspace)
    assert outputs(workspace) == before
    with monkeypatch.context() as patch:  # right after it: the next run brings the curve that belongs to it
        patch.setattr(distill, "atomic_write_json", killed)
        with pytest.raises(Killed):
            distill.run(other, TASK, workspace)
    assert curve.read_bytes() == before["curve"]
    distill.run(other, TASK, workspace)
    assert json.loads(curve.read_text()) == [{"samples": 1}]


def test_without_an_expert_it_says_what_to_run(untaught, capsys) -> None:
    params, workspace = untaught
    arguments = ["--params", str(workspace.root / "params.yaml"), "distill", TASK]
    shutil.rmtree(workspace.data("expert"))
    with pytest.raises(MissingInput, match="expertgen steer lift_banana"):
        distill.run(params, TASK, workspace)
    assert main(arguments) == 2
    assert "no expert at" in capsys.readouterr().err
    shutil.rmtree(workspace.data("prior"))
    with pytest.raises(MissingInput, match="expertgen prior lift_banana"):
        distill.run(params, TASK, workspace)


@pytest.mark.parametrize("broken, message", [(0, "of a round"), (1, "of the learning curve")])
def test_when_nothing_can_be_simulated_it_says_so(untaught, monkeypatch, broken: int, message: str) -> None:
    params, workspace = untaught
    step = Env.step_chunk

    def failing(self, chunk):
        result = step(self, chunk)
        lost = self.num_envs == (params.distill.envs, params.distill.evaluate_episodes)[broken]
        return dataclasses.replace(result, healthy=result.healthy & torch.tensor(not lost))

    monkeypatch.setattr(Env, "step_chunk", failing)
    with pytest.raises(CorruptArtifact, match=f"no episode {message} could be simulated"):
        distill.run(params, TASK, workspace)


def test_failed_simulations_are_no_samples_and_more_are_made(untaught, changed, monkeypatch) -> None:
    params, workspace = untaught
    params = changed(params, "distill", samples=18, final_updates=0)
    step, insert, rounds = Env.step_chunk, Dagger.insert, []

    def failing(self, chunk):
        result = step(self, chunk)
        return dataclasses.replace(result, healthy=result.healthy & (torch.arange(self.num_envs) > 0))

    def counted(self, samples):
        rounds.append(len(samples["chunk"]))
        insert(self, samples)

    monkeypatch.setattr(Env, "step_chunk", failing)
    monkeypatch.setattr(Dagger, "insert", counted)
    distill.run(params, TASK, workspace)
    assert rounds == [9] * 2
    points = json.loads((workspace.reports / distill.CURVE).read_text())
    assert {point["unhealthy"] for point in points} == {1}


@pytest.mark.slow
@pytest.mark.parametrize("sees, head", [("points", "diffusion"), ("images", "regression")])
def test_the_same_student_from_one_process_and_two(tiny_student, tmp_path, monkeypatch, changed, sees, head) -> None:
    monkeypatch.setattr(student_episodes, "BLOCK", 2)  # so that there is work for two
    found = []
    for workers in (1, 2):
        params, workspace = tiny_student(tmp_path / str(workers), sees=sees, head=head)
        distill.run(changed(params, "distill", workers=workers), TASK, workspace)
        found.append(outputs(workspace))
    assert found[0] == found[1]
    for point in json.loads(found[0]["curve"]):
        assert np.isfinite(list(point["shown"].values())).all()
