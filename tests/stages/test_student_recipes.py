"""benchmarks/student_recipes.py: ways of teaching a student, each run once and kept."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from expertgen.data.write_errors import CannotWrite
from expertgen.errors import CorruptArtifact, MissingInput
from expertgen.metrics.wilson import Rate
from expertgen.params import as_dict

ROOT = Path(__file__).parents[2]
TASK = "lift_banana"
TINY = {"points": {"channels": (8, 8), "train": 16}, "images": {"channels": (8, 8)}}


@pytest.fixture
def program(monkeypatch):
    spec = importlib.util.spec_from_file_location("student_recipes", ROOT / "benchmarks" / "student_recipes.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(small, untrained, changed):
    """Parameters of a tiny student, and a workspace with an expert that nothing has trained."""
    params, workspace = small
    untrained(params, workspace)
    student = params.student
    parts = {name: dataclasses.replace(getattr(student, name), **values) for name, values in TINY.items()}
    params = changed(params, "student", feature=8, width=16, blocks=1, **parts)
    params = changed(params, "vision", width=48, height=28)
    params = changed(params, "distill", envs=4, batch_size=16, final_updates=3, workers=1, num_threads=1)
    return params, workspace


def made_run(program, params, key: str) -> dict[str, Any]:
    """What teaching gives, without any."""
    flags = dict.fromkeys(program.KINDS, "1011")
    labels = dict.fromkeys(("position_median", "position_95", "rotation_median", "rotation_95", "gripper"), 0.1)
    points = [{"samples": samples, "updates": 3, "success_end": Rate(2, 4).to_json(), "labels": labels}
              for samples in (64, 128)]  # fmt: skip
    return {"key": key, "code": "c", "seed": 0, "sees": params.student.sees, "head": params.student.head,
            "final_share": params.distill.share.final, "samples": 128, "updates": 3, "seconds": 60.0, "cores": 2,
            "points": points, "starts": [1, 4], "outcomes": flags, "teacher": flags}  # fmt: skip


@pytest.fixture
def pretended(program, monkeypatch):
    """Keys of the runs that were taught, by pretence; figures are lists of their lines."""
    keys: list[str] = []

    def plot(path, panels, **shown):
        path.write_text("\n".join(f"{curve.label} {curve.samples}" for curves in panels.values() for curve in curves))

    def taught(params, workspace, home, key):
        home.mkdir(parents=True)
        keys.append(key)
        return made_run(program, params, key)

    monkeypatch.setattr(program, "taught", taught)
    monkeypatch.setattr(program, "plot_student_recipes", plot)
    return keys


def test_nothing_is_taught_twice_and_a_line_of_both_groups_is_one_run(program, project, pretended, capsys) -> None:
    params, workspace = project
    params = dataclasses.replace(params, student=dataclasses.replace(params.student, sees="points", head="diffusion"))
    sizes = program.Sizes(128, 32, 4, 3)
    program.compare(params, workspace, ["alpha-1", "alpha-0.2", "points-diffusion", "images-regression"], sizes)
    written = workspace.root / "reports" / "students" / f"{TASK}.json"
    assert len(pretended) == len(set(pretended)) == 3
    assert not list(workspace.work("recipes").iterdir())
    report = json.loads(written.read_text())
    assert sorted((run["sees"], run["head"], run["final_share"]) for run in report["runs"]) == [
        ("images", "regression", 0.2), ("points", "diffusion", 0.2), ("points", "diffusion", 1.0)]  # fmt: skip
    assert set(program.DEFINITIONS) == set(report["definitions"])
    page = written.with_suffix(".md").read_text()
    assert page.count("| points, diffusion ") == page.count("| α = 0.2 ") == page.count("| images, regression ") == 1
    lines = ["α = 1, cloning", "α = 0.2", "points, diffusion", "images, regression"]
    assert written.with_suffix(".png").read_text().splitlines() == [f"{line} (64, 128)" for line in lines]
    assert "alpha-1: 75.0 %" in capsys.readouterr().out
    before = written.read_bytes()
    program.compare(dataclasses.replace(params, seed=5), workspace, ["alpha-0.2"], sizes)  # the seed is always 0
    assert len(pretended) == 3 and written.read_bytes() == before


def test_runs_of_other_sizes_stay_in_the_file_but_not_in_the_page(program, project, pretended) -> None:
    params, workspace = project
    program.compare(params, workspace, ["alpha-1"], program.Sizes(128, 32, 4, 3))
    program.compare(params, workspace, ["alpha-0"], program.Sizes(64, 32, 4, 3))
    path = workspace.root / "reports" / "students" / f"{TASK}.json"
    assert sorted(program.read(path)) == sorted(pretended) and len(pretended) == 2
    page = path.with_suffix(".md").read_text()
    assert "| α = 0 " in page and "cloning" not in page


def test_what_another_process_has_written_meanwhile_is_kept(program, project, tmp_path: Path) -> None:
    params, _ = project
    path = tmp_path / "runs.json"
    assert program.read(path) == {}
    mine, theirs = ({key: made_run(program, params, key)} for key in "ab")
    program.write(path, TASK, theirs)
    assert program.write(path, TASK, mine) == program.read(path) == mine | theirs
    path.write_text(path.read_text()[:-40])
    with pytest.raises(CorruptArtifact, match="does not hold runs"):
        program.read(path)


def test_a_key_names_all_that_a_student_depends_on(program, project, changed) -> None:
    params, workspace = project
    sizes = program.Sizes(128, 32, 4, 3)

    def key(name: str = "alpha-0.2", base=params, sizes=sizes) -> str:
        return program.key_of(program.sized(base, program.RECIPES[name], sizes), workspace)

    others = [changed(params, "student", width=17), changed(params, "vision", fovy=40.0)]
    other = [key(), key("alpha-0"), key(sizes=program.Sizes(256, 32, 4, 3)), key(sizes=program.Sizes(128, 32, 5, 3)),
             *(key(base=base) for base in others)]  # fmt: skip
    assert len(set(other)) == len(other)
    assert key(base=changed(params, "distill", workers=2)) == key()
    assert len({key(name) for name in program.RECIPES}) == len(program.RECIPES) - 1
    with open(workspace.data("expert") / "tensors.safetensors", "ab") as stream:
        stream.write(b"0")
    assert key() != other[0]


def test_the_share_s_decay_and_the_memory_follow_the_samples(program, project, changed) -> None:
    params, _ = project
    sized = program.sized(params, program.RECIPES["alpha-0.4"], program.Sizes(200_000, 1000, 4, 3))
    assert as_dict(sized.distill.share) == {"initial": 1.0, "final": 0.4, "begin": 50_000, "end": 100_000}
    assert sized.distill.memory == params.distill.memory  # smaller than all samples
    sized = program.sized(params, program.RECIPES["images-diffusion"], program.Sizes(128, 32, 4, 3))
    assert sized.distill.memory == 128 + 4 * params.simulation.episode_steps // params.prior.execute
    assert (sized.student.sees, sized.student.head, sized.seed) == ("images", "diffusion", 0)


def test_samples_that_do_not_fit_on_the_disk_are_refused_first(program, project, monkeypatch, tmp_path: Path) -> None:
    params, _ = project
    sized = program.sized(params, program.RECIPES["images-diffusion"], program.Sizes(128, 32, 4, 3))
    disk = namedtuple("disk", "total used free")
    for free, refused in ((1_000_000, True), (10_000_000, False)):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, free=free: disk(0, 0, free))
        if refused:
            with pytest.raises(CannotWrite, match="fewer --samples"):
                program.require_room(sized, tmp_path / "memory")
        else:
            program.require_room(sized, tmp_path / "memory")


def test_the_clock_counts_interrupted_turns_up_to_their_last_state(program, tmp_path: Path) -> None:
    clock, state = tmp_path / "clock.json", tmp_path / "state"
    assert program.spent(clock, state) == 0.0
    assert program.spent(clock, state) == 0.0  # nothing was saved
    state.mkdir()
    begun = json.loads(clock.read_text())["begun"]
    os.utime(state, (begun + 90, begun + 90))
    assert program.spent(clock, state) == pytest.approx(90)
    os.utime(state, (begun - 5, begun - 5))  # of an earlier turn
    assert program.spent(clock, state) == pytest.approx(90)


def test_mistakes_are_told_on_one_line(program, small, monkeypatch, capsys) -> None:
    _, workspace = small
    parameters = ["--params", str(workspace.root / "params.yaml")]
    for arguments, told in (
        (["lift_banan"], "Did you mean lift_banana?"),
        ([TASK, "--recipes", "alpha-0.3"], "Unknown recipe 'alpha-0.3'"),
        ([TASK, "--samples", "0"], "--samples: found 0"),
        ([TASK, "--episodes", "-1"], "--episodes: found -1"),
        ([TASK], "no prior at"),
    ):
        monkeypatch.setattr(sys, "argv", ["student_recipes.py", *arguments, *parameters])
        assert program.main() == 2
        error = capsys.readouterr().err
        assert told in error and error.startswith("student_recipes: error: ")
    with pytest.raises(MissingInput):
        program.compare(*small, ["alpha-1"], program.Sizes(128, 32, 4, 3))


@pytest.mark.slow
def test_students_are_taught_to_the_end_and_go_on_where_they_stopped(program, project, monkeypatch) -> None:
    params, workspace = project
    sizes = program.Sizes(128, 64, 4, 3)
    names = ["alpha-1", "alpha-0", "images-regression"]
    program.compare(params, workspace, names, sizes)
    path = workspace.root / "reports" / "students" / f"{TASK}.json"
    whole = program.read(path)
    assert path.with_suffix(".png").stat().st_size > 10_000
    runs = {(run["sees"], run["final_share"]): run for run in whole.values()}
    assert set(runs) == {("points", 1.0), ("points", 0.0), ("images", 0.2)}
    for run in runs.values():
        assert run["samples"] == 128 and [point["samples"] for point in run["points"]] == [64, 128]
        assert run["updates"] == 4 * round(32 * params.distill.updates_per_sample) + 3 and run["seconds"] > 0
        last = run["points"][-1]  # the outcomes are those of the curve's last point
        for kind in program.KINDS:
            assert int(np.sum(program.read_outcomes(run["outcomes"][kind]))) == last[kind]["successes"]
        assert run["starts"] == last["seeds"] and run["teacher"] == runs["points", 1.0]["teacher"]
    assert not list(workspace.work("recipes").iterdir())
    path.unlink()

    class Stopped(Exception):
        pass

    def stop(*arguments):
        raise Stopped

    with monkeypatch.context() as patch:  # after the teaching, whose state then is there
        patch.setattr(program, "outcomes", stop)
        with pytest.raises(Stopped):
            program.compare(params, workspace, ["alpha-0"], sizes)
    assert program.read(path) == {}
    program.compare(params, workspace, ["alpha-0"], sizes)
    (again,) = program.read(path).values()
    told = whole[again["key"]]
    assert {name: again[name] for name in again if name != "seconds"} == {
        name: told[name] for name in told if name != "seconds"
    }
