"""How well the student does what its teacher does, seen through cameras (ExpertGen, VI-D; Fig. 5)."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import provenance
from expertgen.data.publish import complete, publication
from expertgen.errors import IncompatibleArtifact, MissingInput
from expertgen.metrics.paired import mcnemar_exact
from expertgen.metrics.wilson import Rate
from expertgen.params import Params, as_dict
from expertgen.policies.student import StudentPolicy
from expertgen.report.looks_sheet import write_looks
from expertgen.report.student_curves import plot_student_curve
from expertgen.stages.artifacts import bring_back, keep
from expertgen.stages.crew import Crew
from expertgen.stages.gate_files import read_report
from expertgen.stages.progress import progress
from expertgen.stages.starts import evaluation_seeds
from expertgen.stages.student_episodes import Job, Turns, play, release_stages, run_job
from expertgen.stages.student_report import curve_text, definitions, hardships, text
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace

METRICS = "student.json"


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Run student and teacher on the first `student_report.episodes` starts of the evaluation under drawn looks, and
    the student under each hardship on the first `student_report.robustness_episodes`. Writes into reports/TASK
    student.json, student.md, student_curve.png, and looks.png.

    Parameters and inputs fix all of it. Raises MissingInput, CorruptArtifact, IncompatibleArtifact, StageBusy,
    CannotWrite, WorkerFailed; InvalidParameter for starts that were trained on.
    """
    seeds, reports, kept = _seeds(params), workspace.reports, workspace.kept("student")
    with stage_lock(workspace.lock("student")):
        student = load_student(params, workspace)
        curve, told_curve = _curve(reports / "student_curve.json")
        inputs = {name: workspace.data(name) for name in ("prior", "expert", "student")}
        made_from = provenance("student", task, params.seed, _parameters(params), inputs, ("scipy",))
        complete(reports, "student")
        bring_back(kept, reports / METRICS)
        metrics = _finished(reports, made_from)
        if metrics is None:
            with timed(workspace, "student"):
                measured = _measure(params, workspace, seeds)
            metrics = {"task": task, "episodes": len(seeds), "seed": int(seeds[0]),
                       "definitions": definitions(params, task), **measured, "provenance": made_from}  # fmt: skip
        else:
            print(f"student: {reports / METRICS} is up to date", file=sys.stderr)
        with publication(reports, "student") as folder:
            plot_student_curve(folder / "student_curve.png", curve, metrics)
            write_looks(folder / "looks.png", params, task, params.student_report.looks)
            atomic_write_text(folder / "student.md", text(metrics, told_curve, student.config))
            atomic_write_json(folder / METRICS, metrics)
        keep(kept, reports / METRICS)
    print(_summary(metrics))
    print(f"student: {reports / 'student.md'}")


def load_student(params: Params, workspace: Workspace) -> StudentPolicy:
    """The task's student. Raises MissingInput, CorruptArtifact, and IncompatibleArtifact for one that was taught to see
    otherwise than `params` says."""
    path, task = workspace.data("student"), workspace.task
    if not path.exists():
        raise MissingInput(
            f"no student at {path}. Teach it with `expertgen distill {task}` (in the same profile), or fetch the "
            f"released one with `dvc pull distill@{task}`."
        )
    student = StudentPolicy.load(path)
    vision = {name: value for name, value in as_dict(params.vision).items() if name != "randomise"}
    if (student.sees, student.vision) != (params.student.sees, vision):
        raise IncompatibleArtifact(
            f"{path} sees {student.sees} of other cameras or clouds than the parameters vision and student.sees now "
            f"say. Restore them, or teach it again with `expertgen distill {task}`."
        )
    return student


def _curve(path: Path) -> tuple[list[dict[str, Any]], str]:
    """The points of the learning curve, and the same in Markdown. Raises MissingInput, CorruptArtifact, and
    IncompatibleArtifact for other contents, before any time is spent."""
    points = read_report(path)
    try:
        return points, curve_text(points)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise IncompatibleArtifact(
            f"{path} is not the learning curve of a student ({type(error).__name__}: {error}). Delete it and run "
            "`expertgen distill` again, or fetch it with `dvc pull`."
        ) from error


def _seeds(params: Params) -> NDArray[np.int64]:
    count = max(params.student_report.episodes, params.student_report.robustness_episodes)
    return evaluation_seeds(params, episodes=count)[: params.student_report.episodes]


def _measure(params: Params, workspace: Workspace, seeds: NDArray[np.int64]) -> dict[str, Any]:
    job = Job(params, workspace, (), workspace.data("student"), 0.0, False, params.evaluate.seed)
    few = evaluation_seeds(params, episodes=max(params.student_report.robustness_episodes, 1))
    trials = hardships(params) if params.student_report.robustness_episodes else {}
    apart = bool(trials) and len(few) > len(seeds)  # the sheet's starts have to be played under usual looks too
    total = 2 * len(seeds) + len(few) * (len(trials) + apart)
    try:
        with Crew(run_job, params.distill.workers) as crew, progress("student", total, "episodes") as bar:

            def episodes(which: NDArray[np.int64], **changes: Any) -> Turns:
                turns = play(crew, replace(job, **changes), which)
                bar.update(len(which))
                return turns

            teacher, student = episodes(seeds, student=None), episodes(seeds)
            usual = episodes(few) if apart else student
            sheet = [_hard(name, why, episodes(few, hardship=hardship), usual)
                     for name, (why, hardship) in trials.items()]  # fmt: skip
    finally:
        release_stages()
    return {
        "teacher": _rates(teacher), "student": _rates(student), "p_value": _p_value(student, teacher),
        "below_teacher": Rate.of(_end(teacher)).rate - Rate.of(_end(student)).rate,
        "failing_seeds": [int(seed) for seed in seeds[~_end(student)]], "robustness": sheet,
    }  # fmt: skip


def _hard(name: str, why: str, turns: Turns, usual: Turns) -> dict[str, Any]:
    """A line of the robustness sheet; `usual`: the same starts under looks as drawn."""
    return {"condition": name, "meaning": why, **_rates(turns), "p_value": _p_value(turns, usual)}


def _rates(turns: Turns) -> dict[str, Any]:
    return {
        "success_any": Rate.of(turns.success.any(1)).to_json(), "success_end": Rate.of(_end(turns)).to_json(),
        "unhealthy": int((~turns.healthy).sum()),
    }  # fmt: skip


def _end(turns: Turns) -> NDArray[np.bool_]:
    return turns.success[:, -1]


def _p_value(turns: Turns, others: Turns) -> float:
    """Of McNemar's exact test on the starts that both met."""
    count = min(len(turns.success), len(others.success))
    return mcnemar_exact(_end(turns)[:count], _end(others)[:count])


def _parameters(params: Params) -> dict[str, Any]:
    """What the numbers depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "vision", "student_report")}
    del values["simulation"]["num_threads"], values["student_report"]["looks"]
    return values | {"evaluate": {"seed": params.evaluate.seed}, "prior": {"execute": params.prior.execute}}


def _finished(reports: Path, made_from: dict[str, Any]) -> dict[str, Any] | None:
    try:
        metrics = json.loads((reports / METRICS).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # what is missing or damaged is made anew
        return None
    return metrics if isinstance(metrics, dict) and metrics.get("provenance") == made_from else None


def _summary(metrics: dict[str, Any]) -> str:
    student, teacher = (Rate.from_json(metrics[name]["success_end"]) for name in ("student", "teacher"))
    return (
        f"student: success at the end {student}, its teacher {teacher}; n = {student.n}, seeds {metrics['seed']} to "
        f"{metrics['seed'] + metrics['episodes'] - 1}"
    )

