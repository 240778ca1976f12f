"""A student's own episodes as a dataset: what it holds, what is left out, and what is refused."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from expertgen.camera_env import CameraEnv
from expertgen.cli import main
from expertgen.data.checkpoints import add_to_checkpoint
from expertgen.data.hashing import content_sha256, tree_sha256
from expertgen.data.lerobot.episode_videos import EpisodeVideos
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.data.lerobot.verify import verify_release
from expertgen.data.provenance import provenance
from expertgen.data.write_errors import CannotWrite
from expertgen.errors import IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.make_env import make_env
from expertgen.models.student_network import StudentNetwork
from expertgen.params import as_dict
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.student import StudentPolicy
from expertgen.rollout import run_episodes
from expertgen.stages import rerender, student_rollouts
from expertgen.stages.distill import _parameters as taught_with
from expertgen.stages.distill import config_of
from expertgen.stages.rerender_shard import draw_episode
from expertgen.stages.rollouts_shard import as_executed
from expertgen.stages.starts import DEMOS, start_seeds
from expertgen.stages.student_rollouts_command import FIRST, StudentOrder
from expertgen.stages.student_rollouts_starts import released_seeds
from expertgen.stages.student_rollouts_work import draw_both
from expertgen.stages.student_starts import curve_seeds, teaching_seeds

TASK = "lift_banana"
STEPS, EXECUTE = 16, 8
ALL = StudentOrder(FIRST, 2, (64, 48), all=True)


def project(folder: Path, make, changed, **student):
    """A project with a student who was taught nothing, but moves about the tool, as `distill` would leave it."""
    params, workspace = make(folder, **student)
    camera = dataclasses.replace(params.rollouts.cameras[0], width=64, height=40)
    params = changed(changed(params, "rollouts", cameras=(camera,)), "simulation", episode_steps=STEPS)
    add_to_checkpoint(workspace.data("prior"), "provenance.json", {"inputs": {"demos": "d" * 64}})
    torch.manual_seed(0)
    mean = torch.zeros(EXECUTE, 10)
    mean[:, 3], mean[:, 7], mean[:, 5] = 0.7, -1, 0.3
    told, action = Normaliser(torch.zeros(17), torch.ones(17), 5.0), Normaliser(mean, 0.02 * torch.ones(EXECUTE, 10))
    seen = {name: value for name, value in as_dict(params.vision).items() if name != "randomise"}
    path = workspace.data("student")
    StudentPolicy(StudentNetwork(config_of(params)), told, action, seen).save(path)
    inputs = {name: workspace.data(name) for name in ("prior", "expert")}
    add_to_checkpoint(path, "provenance.json", provenance("distill", TASK, 0, taught_with(params), inputs))
    return params, workspace


@pytest.fixture(scope="module")
def released(tmp_path_factory, tiny_student, changed):
    """Both episodes of a student of points, in a folder that is left as it is."""
    folder = tmp_path_factory.mktemp("released")
    params, workspace = project(folder, tiny_student, changed)
    student_rollouts.run(params, TASK, workspace, folder / "own", ALL)
    return SimpleNamespace(params=params, workspace=workspace, target=folder / "own")


@pytest.fixture
def scene(released, tmp_path):
    """Params, a workspace of one's own with that student, and a target that is not there."""
    shutil.copytree(released.workspace.root / "data", tmp_path / "data")
    return released.params, dataclasses.replace(released.workspace, root=tmp_path), tmp_path / "own"


def cameras_of(params, count: int) -> CameraEnv:
    env = make_env(TASK, dataclasses.replace(params.simulation, num_threads=1), count, params.prior.execute)
    return CameraEnv(env, params.vision, params.student.sees, params.seed)


def test_it_holds_what_the_student_did(released) -> None:
    params, reader = released.params, ReleaseReader(released.target)
    assert verify_release(released.target).episodes == 2
    arrays = [reader.arrays(index) for index in range(2)]
    state, action = (np.stack([each[name] for each in arrays]) for name in ("observation.state", "action"))
    assert state.shape == (2, STEPS, 53) and [row["seed"] for row in reader.episodes] == [FIRST, FIRST + 1]
    env = make_env(TASK, params.simulation, 2, EXECUTE)
    again = run_episodes(env, lambda _: torch.from_numpy(action[:, env.elapsed[0] :]), released_seeds(params, FIRST, 2))
    np.testing.assert_allclose(again.observation, state, atol=1e-4)
    np.testing.assert_array_equal(again.success, np.stack([each["next.success"] for each in arrays]))
    assert np.abs(state[:, -1, 16:23] - state[:, 0, 16:23]).max() > 0.05  # rad: it moves
    # The actions are what the student decides when shown the start under the look of that start.
    cameras, student = cameras_of(params, 2), StudentPolicy.load(released.workspace.data("student"))
    cameras.reset(np.arange(FIRST, FIRST + 2))
    decided = student.act(cameras.see())[:, :EXECUTE].numpy().reshape(-1, 10)
    np.testing.assert_allclose(action[:, :EXECUTE].reshape(-1, 10), as_executed(decided), atol=1e-4)
    cameras.close()


def test_it_says_who_acted_and_seeing_what(released) -> None:
    lineage, made_from = (json.loads((released.target / "meta" / f"{name}.json").read_text()) for name in
                          ("lineage", "provenance"))  # fmt: skip
    student = content_sha256(released.workspace.data("student"))
    policy = made_from["parameters"]["policy"]
    assert policy == {"policy": "student", "sha256": student, "sees": "points", "head": "diffusion"}
    assert lineage["student"] == student and lineage["demos"] == "d" * 64
    assert {name: lineage[name] for name in ("prior", "expert")} == made_from["student"]["inputs"]
    card = " ".join((released.target / "README.md").read_text().split())
    for words in ("student policy", "one cloud of 16 points", "a diffusion head", "no action is the expert's",
                  "succeeded at the end of 0", "failures too", "What it saw is not in this dataset"):  # fmt: skip
        assert words in card
    rows = ReleaseReader(released.target).episodes
    assert [row["success_end"] for row in rows] == [False] * 2
    source = json.loads(rows[1]["source"])
    assert source == {"store": "student", "episode": 1, "policy": "student", "looks": released.params.seed}


def test_plain_images_stand_beside_those_of_each_look(released) -> None:
    report, reader = verify_release(released.target), ReleaseReader(released.target)
    assert report.cameras == tuple(f"observation.images.{name}" for name in
                                   ("front", "front_randomised", "side_randomised"))  # fmt: skip
    plain, drawn = ([reader.frames(index, f"observation.images.{name}").astype(int) for index in range(2)] for name in
                    ("front", "front_randomised"))  # fmt: skip
    assert plain[0].shape == (STEPS, 40, 64, 3) and drawn[0].shape == (STEPS, 48, 64, 3)
    assert abs(drawn[0][0] - drawn[1][0]).mean() > 15 > 5 > abs(plain[0][0] - plain[1][0]).mean()
    assert all((abs(episode[-1] - episode[0]).max(-1) > 30).any() for episode in plain + drawn)


def test_a_student_of_images_saw_the_images_of_its_episodes(tiny_student, changed, tmp_path) -> None:
    params, workspace = project(tmp_path / "images", tiny_student, changed, sees="images", head="regression")
    played = student_rollouts._play(params, TASK, workspace, released_seeds(params, FIRST, 2))
    cameras = cameras_of(params, 2)
    cameras.reset(played.seeds)  # at the start nothing has moved, so that no camera is late
    seen = cameras.see().images.numpy().astype(int)
    cameras.close()
    for row in range(2):
        number, drawn = draw_episode(student_rollouts._to_draw(params, TASK, played, params.vision, row, row).episode)
        assert number == row
        for camera, images in enumerate(drawn.values()):  # its colours are softened for the video
            assert abs(images[0] - seen[row, camera]).mean() < 3 < 15 < abs(images[0] - seen[1 - row, camera]).mean()


@pytest.fixture
def lucky(monkeypatch):
    """lucky(numbers): of the student's episodes these succeed at their end, and the others did before."""

    def make(*numbers: int) -> None:
        play = student_rollouts._play

        def played(*args):
            episodes = play(*args)
            success = np.zeros_like(episodes.success)
            success[:, 3], success[list(numbers), -1] = True, True
            return dataclasses.replace(episodes, success=success)

        monkeypatch.setattr(student_rollouts, "_play", played)

    return make


@pytest.fixture
def bold(scene, changed):
    """`scene`, where a robot may move as it likes, but for `position_jump`."""

    def make(position_jump: float = 9.0):
        limits = dataclasses.replace(scene[0].gates.rollouts, joint_margin=-9.0, joint_speed=99.0, rotation_jump=9.0,
                                     position_jump=position_jump)  # fmt: skip
        return (changed(scene[0], "gates", rollouts=limits), *scene[1:])

    return make


def test_only_successes_are_released(bold, lucky, capsys) -> None:
    params, workspace, target = bold()
    lucky(1)
    student_rollouts.run(params, TASK, workspace, target, dataclasses.replace(ALL, all=False))
    rows = ReleaseReader(target).episodes
    assert [(row["seed"], json.loads(row["source"])["episode"], row["success_end"]) for row in rows] == [
        (FIRST + 1, 1, True)
    ]
    card = (target / "README.md").read_text()
    assert "succeeded at the end of 1: 50.0 %" in card and "Only episodes that succeeded" in card
    assert "abruptly" not in card and "success at the end 50.0 %" in capsys.readouterr().out


def test_abrupt_successes_are_left_out_and_where_none_is_left_it_says_so(bold, lucky) -> None:
    params, workspace, target = bold(position_jump=1e-6)
    lucky(1)
    with pytest.raises(MissingInput, match="of 2 episodes of the student none succeeded at its end and moved"):
        student_rollouts.run(params, TASK, workspace, target, dataclasses.replace(ALL, all=False))
    assert not target.exists()


@pytest.mark.slow
def test_the_same_bytes_from_one_process_and_two(released, scene, changed, monkeypatch) -> None:
    params, workspace, target = scene
    monkeypatch.setattr(student_rollouts, "PLAYED", 1)  # so that there is work for two
    target.mkdir()  # an empty folder may be there
    student_rollouts.run(changed(params, "rollouts", workers=2), TASK, workspace, target, ALL)
    assert tree_sha256(target) == tree_sha256(released.target)


def test_starts_are_nobody_elses(released, changed) -> None:
    params = released.params
    default = released_seeds(params, FIRST, 50_000)
    for seeds in (curve_seeds(params, 9), teaching_seeds(params, TASK, 0, 9), start_seeds(DEMOS, params, 9)):
        assert not {*default.tolist()} & {*seeds.tolist()}
        for first in (int(seeds[0]), int(seeds[0]) - 2):
            with pytest.raises(InvalidParameter, match=f"--seed: found {first} with 3 episodes"):
                released_seeds(params, first, 3)
    evaluated = changed(params, "evaluate", seed=FIRST + 5)
    assert len(released_seeds(evaluated, FIRST, 5)) == 5
    with pytest.raises(InvalidParameter, match="those of the evaluation"):
        released_seeds(evaluated, FIRST, 6)


def test_what_stops_it_leaves_nothing(scene, monkeypatch) -> None:
    params, workspace, target = scene
    before = sorted(target.parent.iterdir())
    run_in_workers, add = rerender.run_in_workers, EpisodeVideos.write

    def interrupted(work, items, workers):
        yield from run_in_workers(work, items[:1], workers)
        if work is draw_both:
            raise KeyboardInterrupt

    def full(self, episode, number):
        add(self, episode, number)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(rerender, "run_in_workers", interrupted)
        student_rollouts.run(params, TASK, workspace, target, dataclasses.replace(ALL, episodes=1))
    with monkeypatch.context() as patch, pytest.raises(CannotWrite, match="no space left"):
        patch.setattr(EpisodeVideos, "write", full)
        student_rollouts.run(params, TASK, workspace, target, dataclasses.replace(ALL, episodes=1))
    assert sorted(target.parent.iterdir()) == before


def test_what_cannot_be_is_refused_before_anything_is_played(scene, changed, monkeypatch) -> None:
    params, workspace, target = scene
    monkeypatch.setattr(student_rollouts, "_play", lambda *_: pytest.fail("it plays"))

    def refused(error: type[Exception], match: str, params=params, where: Path = target, order=ALL) -> None:
        with pytest.raises(error, match=match):
            student_rollouts.run(params, TASK, workspace, where, order)

    refused(InvalidParameter, "a stage's output", where=workspace.data("student") / "own")
    refused(InvalidParameter, "those of the evaluation", order=dataclasses.replace(ALL, seed=params.evaluate.seed))
    refused(InvalidParameter, "63 x 18 px, expected even", changed(params, "vision", width=63),
            order=dataclasses.replace(ALL, size=None))  # fmt: skip
    refused(IncompatibleArtifact, "decides 8 actions at a time", changed(params, "prior", execute=4))
    refused(IncompatibleArtifact, r"simulation\.control_hz 10\.0, the parameters say 20",
            changed(params, "simulation", control_hz=20.0))  # fmt: skip
    refused(IncompatibleArtifact, "of other cameras or clouds", changed(params, "vision", fovy=43.0))
    (target / "mine").mkdir(parents=True)
    refused(InvalidParameter, "not an empty folder")
    shutil.rmtree(target)
    add_to_checkpoint(workspace.data("prior"), "note.json", {"trained": "again"})
    refused(IncompatibleArtifact, "of another prior")
    (workspace.data("prior") / "provenance.json").write_text("{}")
    refused(IncompatibleArtifact, "does not say what it was made from")
    shutil.rmtree(workspace.data("prior"))
    refused(MissingInput, "dvc pull prior@lift_banana")
    StudentPolicy.load(workspace.data("student")).save(workspace.data("student"))
    refused(MissingInput, "student/provenance.json, which the lineage")
    shutil.rmtree(workspace.data("student"))
    refused(MissingInput, "expertgen distill lift_banana")
    assert not target.exists()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--seed", "-1"], "--seed: found -1"),
        (["--seed", str(2**32)], "--seed: found 4294967296"),
        (["--seed", str(2**32 - 1)], "experts and students are trained on"),
        (["--episodes", "0"], "--episodes: found 0"),
        (["--size", "641x360"], "even numbers"),
        ([], "no student at"),
    ],
)
def test_wrong_options_are_refused(small, tmp_path: Path, capsys, options: list[str], word: str) -> None:
    command = ["student_rollouts", TASK, str(tmp_path / "own"), "--params", str(tmp_path / "params.yaml")]
    assert main([*command, *options]) == 2
    assert word in capsys.readouterr().err and not (tmp_path / "own").exists()
