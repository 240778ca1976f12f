"""Episodes of a student and its teacher: who acts, what is told, and what an episode depends on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from expertgen.env import Env
from expertgen.models.student_network import StudentNetwork
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.student import TOOL, StudentPolicy
from expertgen.stages import student_episodes
from expertgen.stages.crew import Crew
from expertgen.stages.distill import config_of
from expertgen.stages.student_episodes import Job, Turns, play, release_stages, run_job

SEEDS = np.arange(70_000, 70_004)
DECISIONS, EXECUTE = 3, 8


def fresh_student(params, path: Path) -> Path:
    """A student that was taught nothing, but moves about the tool."""
    torch.manual_seed(0)
    chunk, mean = torch.ones(EXECUTE, 10), torch.zeros(EXECUTE, 10)
    mean[:, 3], mean[:, 7], mean[:, 5] = 0.7, -1, 0.3
    network = StudentNetwork(config_of(params))
    told, action = Normaliser(torch.zeros(17), torch.ones(17), 5.0), Normaliser(mean, 0.05 * chunk)
    StudentPolicy(network, told, action, {}).save(path)
    return path


@pytest.fixture(scope="module")
def scenes(tmp_path_factory, tiny_student):
    """For points and for images a Job, told, and the crew of this process that does it."""
    made = {}
    with Crew(run_job, 1) as crew:
        for sees, head in (("points", "diffusion"), ("images", "regression")):
            folder = tmp_path_factory.mktemp("scene")
            params, workspace = tiny_student(folder, sees=sees, head=head)
            student = fresh_student(params, folder / "student")
            made[sees] = (Job(params, workspace, (), student, 0.5, True, looks_seed=3), crew)
        yield made
    release_stages()


@pytest.fixture
def scene(scenes):
    """Of a student of points."""
    return scenes["points"]


@pytest.fixture(params=["points", "images"])
def either(scenes, request):
    """Of a student of points, and of one of images."""
    return scenes[request.param]


@pytest.fixture
def executed(monkeypatch) -> list[torch.Tensor]:
    """The chunks that environments were given."""
    chunks, step = [], Env.step_chunk

    def recorded(self, chunk):
        chunks.append(chunk.clone())
        return step(self, chunk)

    monkeypatch.setattr(Env, "step_chunk", recorded)
    return chunks


def same(one: Turns, other: Turns, *left_out: str) -> bool:
    names = [each.name for each in dataclasses.fields(Turns) if each.name not in left_out]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def rows(turns: Turns, which: list[int]) -> Turns:
    return Turns(**{each.name: getattr(turns, each.name)[which] for each in dataclasses.fields(Turns)})


def test_what_is_told(either) -> None:
    job, crew = either
    turns = play(crew, job, SEEDS)
    shape = (4, DECISIONS)
    shown = (16, 3) if job.params.student.sees == "points" else (2, 18, 32, 3)
    assert turns.seen.shape == (*shape, *shown)
    assert turns.seen.dtype == (np.float16 if job.params.student.sees == "points" else np.uint8)
    assert turns.proprioception.shape == (*shape, 17) and turns.proprioception.dtype == np.float32
    assert turns.chunk.shape == turns.student.shape == (*shape, EXECUTE, 10)
    assert turns.success.shape == (4, DECISIONS * EXECUTE) and turns.healthy.all()
    flat = turns.flat()
    assert {name: len(value) for name, value in flat.items()} == dict.fromkeys(("seen", "proprioception", "chunk"), 12)
    assert np.array_equal(flat["chunk"][:3], turns.chunk[0])
    silent = play(crew, dataclasses.replace(job, told=False), SEEDS)
    assert np.array_equal(silent.success, turns.success)
    assert silent.seen is silent.proprioception is silent.chunk is silent.student is None


def test_all_of_the_decisions_are_the_teachers_none_or_some(either, executed) -> None:
    job, crew = either
    shares = {}
    for share in (0.0, 0.5, 1.0):
        executed.clear()
        turns = play(crew, dataclasses.replace(job, share=share), SEEDS)
        tool = turns.proprioception[:, :, None, TOOL]
        did = torch.stack(executed, 1).numpy()
        did[..., :3] -= tool
        by_teacher, by_student = (np.abs(did - who).max((2, 3)) < 1e-5 for who in (turns.chunk, turns.student))
        assert (by_teacher ^ by_student).all()
        shares[share] = by_teacher
    assert not shares[0.0].any() and shares[1.0].all()
    assert 0 < shares[0.5].mean() < 1


def test_the_teacher_alone_does_the_same_with_no_student_there_and_unseen(scene, executed) -> None:
    job, crew = scene
    beside = play(crew, dataclasses.replace(job, share=1.0), SEEDS)
    alone = play(crew, dataclasses.replace(job, student=None, share=0.0), SEEDS)
    unseen = play(crew, dataclasses.replace(job, student=None, told=False), SEEDS)
    assert alone.student is None and same(beside, alone, "student")
    assert unseen.seen is None and np.array_equal(unseen.success, alone.success)
    for first, second, third in zip(executed[:3], executed[3:6], executed[6:], strict=True):
        assert torch.equal(first, second) and torch.equal(first, third)


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_an_episode_depends_on_its_start_alone(scene, monkeypatch, share: float) -> None:
    """Bit for bit where the teacher acts, in any block. Of a student so only in blocks of one size, and not of a few:
    kernels round differently for a few rows, by the row's place too."""
    job, crew = dataclasses.replace(scene[0], share=share), scene[1]
    monkeypatch.setattr(student_episodes, "BLOCK", 2)
    expected = play(crew, job, SEEDS)
    assert same(play(crew, job, SEEDS), expected)  # after others in the same scene
    order = [2, 0, 3, 1]  # in another place of another block, beside another
    again = play(crew, job, SEEDS[order])
    np.testing.assert_allclose(again.student, expected.student[order], atol=1e-4)
    np.testing.assert_allclose(again.proprioception, expected.proprioception[order], atol=1e-4)
    np.testing.assert_array_equal(again.seen[:, 0], expected.seen[order, 0])
    if share == 1.0:
        assert same(again, rows(expected, order), "student")


def test_the_last_block_may_be_smaller_and_all_come_in_order(scene, monkeypatch) -> None:
    job, crew = scene
    monkeypatch.setattr(student_episodes, "BLOCK", 3)
    turns, last = play(crew, job, SEEDS), play(crew, job, SEEDS[3:])
    assert len(turns.success) == 4 and same(rows(turns, [3]), last)


def test_runs_that_meet_the_same_starts_have_looks_and_turns_of_their_own(scene) -> None:
    job, crew = scene
    one, other = (play(crew, dataclasses.replace(job, looks_seed=seed), SEEDS) for seed in (3, 4))
    assert np.array_equal(one.proprioception[:, 0], other.proprioception[:, 0])  # the same starts
    assert not np.array_equal(one.seen[:, 0], other.seen[:, 0])


def test_turns_of_a_failed_simulation_are_no_samples(scene, monkeypatch) -> None:
    job, crew = scene
    step, succeeded = Env.step_chunk, torch.ones(4, EXECUTE, dtype=torch.bool)

    def failing(self, chunk):
        healthy = torch.tensor([True, False, True, self.elapsed[0] == 0])
        return dataclasses.replace(step(self, chunk), healthy=healthy, success=succeeded)

    monkeypatch.setattr(Env, "step_chunk", failing)
    turns = play(crew, job, SEEDS)
    assert turns.healthy.tolist() == [True, False, True, False]
    assert turns.success.all(1).tolist() == turns.success.any(1).tolist() == turns.healthy.tolist()
    flat = turns.flat()
    assert len(flat["chunk"]) == 2 * DECISIONS
    assert np.array_equal(flat["seen"][DECISIONS:], turns.seen[2])


def test_torch_is_left_as_it_was(scene) -> None:
    job, crew = scene
    threads = torch.get_num_threads()
    play(crew, job, SEEDS)
    assert torch.get_num_threads() == threads
