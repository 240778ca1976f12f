"""The student's evaluation: what it writes, that its numbers agree, when it measures again, and what it refuses."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from expertgen.cli import main
from expertgen.errors import CorruptArtifact, ExpertGenError, IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.metrics.paired import mcnemar_exact
from expertgen.metrics.wilson import Rate, wilson_interval
from expertgen.params import Params
from expertgen.stages import distill, student, student_episodes
from expertgen.stages.student_episodes import Job, Turns
from expertgen.stages.student_report import hardships
from expertgen.workspace import Workspace

TASK = "lift_banana"
WRITTEN = {"student.json", "student.md", "student_curve.png", "looks.png"}
EPISODES, FEW, STEPS = 4, 2, 24


class Measured(BaseException):
    """Ends a run that sets about playing episodes."""


def outputs(workspace: Workspace) -> dict[str, bytes]:
    return {name: (workspace.reports / name).read_bytes() for name in WRITTEN}


def metrics(workspace: Workspace) -> dict:
    return json.loads((workspace.reports / "student.json").read_text())


def copied(project: tuple[Params, Workspace], folder: Path) -> tuple[Params, Workspace]:
    params, workspace = project
    shutil.copytree(workspace.root, folder)
    return params, Workspace(folder, TASK)


@pytest.fixture(scope="module")
def taught(tmp_path_factory, tiny_student, changed) -> tuple[Params, Workspace]:
    """A student after one round, and how much of an evaluation it is to have. To be read only."""
    params, workspace = tiny_student(tmp_path_factory.mktemp("taught"))
    params = changed(params, "distill", samples=12, final_updates=0)
    distill.run(params, TASK, workspace)
    return changed(params, "student_report", episodes=EPISODES, robustness_episodes=FEW, looks=2), workspace


@pytest.fixture(scope="module")
def evaluated(taught, tmp_path_factory) -> tuple[Params, Workspace]:
    """The same, evaluated. To be read only."""
    params, workspace = copied(taught, tmp_path_factory.mktemp("evaluated") / "project")
    student.run(params, TASK, workspace)
    return params, workspace


@pytest.fixture
def project(taught, tmp_path) -> tuple[Params, Workspace]:
    return copied(taught, tmp_path / "project")


@pytest.fixture
def finished(evaluated, tmp_path) -> tuple[Params, Workspace]:
    return copied(evaluated, tmp_path / "project")


@pytest.fixture
def no_episodes(monkeypatch) -> None:
    """To play is to be Measured."""

    def measured(*_):
        raise Measured

    monkeypatch.setattr(student, "play", measured)


@pytest.fixture
def outcomes(monkeypatch) -> Callable[..., list[tuple[Job, list[int]]]]:
    """outcomes(function) -> what was played: function(job, seed) tells whether an episode ends in success, None if its
    simulation failed; all that could be simulated succeed in their first step."""

    def use(function) -> list[tuple[Job, list[int]]]:
        played: list[tuple[Job, list[int]]] = []

        def made_up(crew, job, seeds) -> Turns:
            played.append((job, seeds.tolist()))
            ends = [function(job, seed) for seed in seeds.tolist()]
            healthy, success = np.array([end is not None for end in ends]), np.zeros((len(seeds), STEPS), bool)
            success[:, 0], success[:, -1] = healthy, [end is True for end in ends]
            return Turns(success, healthy, None, None, None, None)

        monkeypatch.setattr(student, "play", made_up)
        return played

    return use


def test_it_writes_numbers_text_and_pictures(evaluated) -> None:
    params, workspace = evaluated
    assert {path.name for path in workspace.reports.iterdir()} >= WRITTEN
    assert not [path for path in workspace.reports.iterdir() if path.name.endswith(".tmp")]
    assert not workspace.work("student").exists()
    for name in ("student_curve.png", "looks.png"):
        assert matplotlib.image.imread(workspace.reports / name)[..., :3].std() > 0.02
    page = (workspace.reports / "student.md").read_text()
    assert "# Lift banana: the student" in page and "points, diffusion head" in page
    assert "(student_curve.png)" in page and "(looks.png)" in page
    found = metrics(workspace)
    for policy in ("student", "teacher"):
        assert str(Rate.from_json(found[policy]["success_end"])) in page
    for condition in hardships(params):
        assert f"| {condition} " in page
    assert str(workspace.root) not in page + json.dumps(found)


def test_its_numbers_agree_with_one_another(evaluated) -> None:
    params, workspace = evaluated
    found = metrics(workspace)
    assert (found["task"], found["episodes"], found["seed"]) == (TASK, EPISODES, params.evaluate.seed)
    lines = found["robustness"]
    assert [line["condition"] for line in lines] == list(hardships(params))
    for each, n in [(found["teacher"], EPISODES), (found["student"], EPISODES), *((line, FEW) for line in lines)]:
        for rate in (each["success_any"], each["success_end"]):
            assert rate["n"] == n and rate["rate"] == rate["successes"] / n
            assert (rate["low"], rate["high"]) == pytest.approx(wilson_interval(rate["successes"], n), abs=1e-6)
        assert each["success_any"]["successes"] >= each["success_end"]["successes"] and each["unhealthy"] == 0
    rates = [found[policy]["success_end"]["rate"] for policy in ("teacher", "student")]
    assert found["below_teacher"] == pytest.approx(rates[0] - rates[1])
    assert len(found["failing_seeds"]) == EPISODES - found["student"]["success_end"]["successes"]
    assert found["provenance"]["inputs"].keys() == {"prior", "expert", "student"}


def test_who_plays_from_which_starts_under_which_hardship(project, outcomes) -> None:
    params, workspace = project
    played = outcomes(lambda job, seed: True)
    student.run(params, TASK, workspace)
    starts = list(range(params.evaluate.seed, params.evaluate.seed + EPISODES))
    (teacher, first), (alone, second), *tried = played
    assert first == second == starts and all(seeds == starts[:FEW] for _, seeds in tried)
    assert teacher.student is None and {job.student for job, _ in played[1:]} == {workspace.data("student")}
    assert {job.share for job, _ in played} == {0.0} and not any(job.told for job, _ in played)
    assert len({job.looks_seed for job, _ in played}) == 1, "all meet the same looks"
    assert teacher.hardship == alone.hardship == student_episodes.Hardship()
    assert [job.hardship for job, _ in tried] == [hardship for _, hardship in hardships(params).values()]


def test_rates_p_values_and_failing_starts_are_those_of_the_episodes(project, outcomes, changed, capsys) -> None:
    params, workspace = project
    params = changed(params, "student_report", episodes=20, robustness_episodes=10)
    first = params.evaluate.seed

    def ends(job: Job, seed: int) -> bool | None:
        if job.student is None:
            return seed != first
        if job.hardship.lost_camera == 1:
            return False
        return None if seed == first + 3 else seed % 2 == 0

    outcomes(ends)
    student.run(params, TASK, workspace)
    found = metrics(workspace)
    assert found["teacher"]["success_end"]["successes"] == 19 and found["teacher"]["unhealthy"] == 0
    assert found["student"]["success_end"]["successes"] == 10 and found["student"]["unhealthy"] == 1
    assert found["student"]["success_any"]["successes"] == 19
    assert found["below_teacher"] == pytest.approx(9 / 20)
    assert found["failing_seeds"] == [first + i for i in range(1, 20, 2)]
    alone, teacher = np.arange(20) % 2 == 0, np.arange(20) > 0
    assert found["p_value"] == pytest.approx(mcnemar_exact(alone, teacher)) and found["p_value"] < 0.05
    lines = {line["condition"]: line for line in found["robustness"]}
    lost = lines.pop(f"camera {params.vision.cameras[1].name} lost")
    assert lost["success_end"] == Rate(0, 10).to_json()
    assert lost["p_value"] == pytest.approx(mcnemar_exact(np.zeros(10, bool), alone[:10])) and lost["p_value"] < 0.1
    assert {(line["success_end"]["successes"], line["unhealthy"], line["p_value"]) for line in lines.values()} == {
        (5, 1, 1.0)
    }
    printed = capsys.readouterr().out
    assert f"{Rate(10, 20)}, its teacher {Rate(19, 20)}; n = 20, seeds {first} to {first + 19}" in printed
    assert "45.0 points below its teacher" in (workspace.reports / "student.md").read_text()


def test_a_student_may_be_above_its_teacher(project, outcomes) -> None:
    params, workspace = project
    outcomes(lambda job, seed: job.student is not None)
    student.run(params, TASK, workspace)
    assert metrics(workspace)["below_teacher"] == -1.0
    assert "100.0 points above its teacher" in (workspace.reports / "student.md").read_text()


def test_without_robustness_episodes_there_is_no_sheet(project, outcomes, changed) -> None:
    params, workspace = project
    played = outcomes(lambda job, seed: True)
    student.run(changed(params, "student_report", robustness_episodes=0), TASK, workspace)
    assert metrics(workspace)["robustness"] == [] and len(played) == 2
    assert "Robustness" not in (workspace.reports / "student.md").read_text()


def test_a_sheet_of_more_starts_compares_with_those_very_starts(project, outcomes, changed) -> None:
    params, workspace = project
    params = changed(params, "student_report", episodes=2, robustness_episodes=8)
    played = outcomes(lambda job, seed: job.hardship == student_episodes.Hardship())
    student.run(params, TASK, workspace)
    found = metrics(workspace)
    assert len(found["failing_seeds"]) == 0 and found["student"]["success_end"]["n"] == 2
    assert len(played) == 3 + len(found["robustness"])
    assert {line["p_value"] for line in found["robustness"]} == {mcnemar_exact(np.zeros(8, bool), np.ones(8, bool))}
    assert "The first 8 of the evaluation's starts" in (workspace.reports / "student.md").read_text()


def test_a_second_time_it_measures_nothing_and_writes_the_same_bytes(finished, no_episodes, capsys) -> None:
    params, workspace = finished
    before = outputs(workspace)
    student.run(params, TASK, workspace)
    assert "student.json is up to date" in capsys.readouterr().err
    assert outputs(workspace) == before


def test_removed_outputs_come_back(finished, no_episodes) -> None:
    params, workspace = finished
    before = outputs(workspace)
    for name in WRITTEN:
        (workspace.reports / name).unlink()
    student.run(params, TASK, workspace)
    assert outputs(workspace) == before


def test_the_number_of_draws_or_processes_measures_nothing_anew(finished, changed, no_episodes) -> None:
    params, workspace = finished
    before = outputs(workspace)
    params = changed(changed(params, "student_report", looks=3), "distill", workers=2, tasks=())
    student.run(changed(params, "simulation", num_threads=2), TASK, workspace)
    assert {name for name, content in outputs(workspace).items() if content != before[name]} == {"looks.png"}


def test_what_the_numbers_depend_on_makes_them_stale(finished, changed, no_episodes) -> None:
    params, workspace = finished
    before = outputs(workspace)
    ranges = dataclasses.replace(params.vision.randomise, distractors=1)
    for section, change in (("student_report", {"episodes": 5}), ("evaluate", {"seed": 5}),
                            ("vision", {"randomise": ranges}), ("simulation", {"timestep": 0.001})):  # fmt: skip
        with pytest.raises(Measured):
            student.run(changed(params, section, **change), TASK, workspace)
    (workspace.reports / "student.json").write_text("{")
    with pytest.raises(Measured):
        student.run(params, TASK, workspace)
    (workspace.reports / "student.json").write_bytes(before["student.json"])
    assert outputs(workspace) == before, "what was measured stands until there is something newer"


def test_starts_that_were_trained_on_are_refused(project, changed, no_episodes) -> None:
    params, workspace = project
    for seed in (1_000_000 - EPISODES + 1, 3_000_000, 2**32):
        with pytest.raises(InvalidParameter, match=rf"evaluate\.seed: found {seed} with 4 episodes"):
            student.run(changed(params, "evaluate", seed=seed), TASK, workspace)
    wide = changed(params, "student_report", robustness_episodes=100)
    with pytest.raises(InvalidParameter, match="with 100 episodes"):
        student.run(changed(wide, "evaluate", seed=1_000_000 - EPISODES), TASK, workspace)
    with pytest.raises(Measured):
        student.run(changed(params, "evaluate", seed=1_000_000 - EPISODES), TASK, workspace)


def test_what_is_not_there_is_named_with_what_makes_it(project, capsys, no_episodes) -> None:
    params, workspace = project
    for path, words in ((workspace.reports / "student_curve.json", "student_curve.json"),
                        (workspace.data("student"), "expertgen distill lift_banana"),
                        (workspace.data("expert"), "'expert' is not there.*dvc pull")):  # fmt: skip
        path.rename(workspace.root / "away")
        with pytest.raises(MissingInput, match=words):
            student.run(params, TASK, workspace)
        (workspace.root / "away").rename(path)
    shutil.rmtree(workspace.data("student"))
    shutil.rmtree(workspace.reports)
    assert main(["--params", str(workspace.root / "params.yaml"), "student", TASK]) == 2
    assert "dvc pull distill@lift_banana" in capsys.readouterr().err


def test_a_damaged_student_is_refused(project, no_episodes) -> None:
    params, workspace = project
    file = workspace.data("student") / "tensors.safetensors"
    sound = file.read_bytes()
    file.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with pytest.raises(CorruptArtifact, match="student"):
        student.run(params, TASK, workspace)


@pytest.mark.parametrize("text, error", [("[", CorruptArtifact), ("[]", IncompatibleArtifact),
                                         ('[{"samples": 1}]', IncompatibleArtifact), ("{}", IncompatibleArtifact)])
def test_a_curve_that_cannot_be_read_is_refused_before_anything_is_played(
    project, no_episodes, text: str, error: type[ExpertGenError]
) -> None:
    params, workspace = project
    (workspace.reports / "student_curve.json").write_text(text)
    with pytest.raises(error, match=r"student_curve\.json"):
        student.run(params, TASK, workspace)


def test_a_student_that_sees_otherwise_is_refused(project, changed, no_episodes) -> None:
    params, workspace = project
    vision = params.vision
    for section, change in (
        ("student", {"sees": "images"}), ("vision", {"fovy": 43.0}), ("vision", {"cameras": vision.cameras[:1]}),
        ("vision", {"cloud": dataclasses.replace(vision.cloud, voxel=0.01)}),
    ):  # fmt: skip
        with pytest.raises(IncompatibleArtifact, match=r"sees points of other cameras.*expertgen distill lift_banana"):
            student.run(changed(params, section, **change), TASK, workspace)


def test_the_page_tells_of_the_student_s_own_network(finished, changed, no_episodes) -> None:
    params, workspace = finished
    before = outputs(workspace)
    student.run(changed(params, "student", head="regression"), TASK, workspace)
    assert outputs(workspace) == before


@pytest.mark.slow
def test_the_same_bytes_from_one_process_and_two(project, changed, monkeypatch) -> None:
    monkeypatch.setattr(student_episodes, "BLOCK", 2)  # so that there is work for two
    shown = dict(list(hardships(project[0]).items())[-2:])
    monkeypatch.setattr(student, "hardships", lambda params: shown)
    params, workspace = project
    found = []
    for workers in (1, 2):
        student.run(changed(params, "distill", workers=workers), TASK, workspace)
        found.append(outputs(workspace))
        (workspace.reports / "student.json").unlink()
        shutil.rmtree(workspace.kept("student"))
    assert found[0] == found[1]
    assert not student_episodes._held
