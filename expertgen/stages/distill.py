"""The student: what the expert does, learnt by DAgger from what cameras see (ExpertGen, IV-C)."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.camera_env import PROPRIOCEPTION
from expertgen.data.atomic import atomic_write_json
from expertgen.data.checkpoints import add_to_checkpoint, load_checkpoint, save_checkpoint
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint, provenance
from expertgen.env import ACTION_DIM
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.learn.dagger import Dagger, teacher_share
from expertgen.models.student_network import StudentConfig
from expertgen.params import Params, as_dict
from expertgen.policies.student import StudentPolicy
from expertgen.stages.artifacts import PROVENANCE, bring_back, keep, put_in_place, same_provenance
from expertgen.stages.crew import Crew
from expertgen.stages.distill_point import curve_point
from expertgen.stages.load_prior import load_prior
from expertgen.stages.policies import load_expert
from expertgen.stages.progress import Progress, progress
from expertgen.stages.student_episodes import Job, Turns, play, release_stages, run_job
from expertgen.stages.student_starts import teaching_seeds
from expertgen.stages.threads import torch_threads
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace

CURVE = "student_curve.json"
_EVERY = 500  # final updates between two saved states


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Teach the student, or go on where an interrupted run left its state: data/TASK/student, reports'
    student_curve.json. The number of workers changes no byte.

    Raises MissingInput without a prior or an expert, CorruptArtifact, IncompatibleArtifact, StageBusy, CannotWrite,
    WorkerFailed.
    """
    target, work, curve = workspace.data("student"), workspace.work("distill"), workspace.reports / CURVE
    with stage_lock(workspace.lock("distill")):
        _publish_curve(workspace)
        load_expert(workspace, load_prior(workspace), params.simulation.episode_steps)  # now, and not in a worker
        inputs = {name: workspace.data(name) for name in ("prior", "expert")}
        made_from = provenance("distill", task, params.seed, _parameters(params), inputs, ("scipy",))
        bring_back(workspace.kept("distill"), target, curve)
        if _is_finished(target, made_from) and curve.exists():
            print(f"distill: {target} is up to date", file=sys.stderr)
            shutil.rmtree(work, ignore_errors=True)
            return
        folder = work / fingerprint(made_from)[:16]
        _remove_others(folder)
        with timed(workspace, "distill"), torch_threads(params.distill.num_threads):
            dagger = teach(params, workspace, folder)
        dagger.policy().save(work / "finished")
        add_to_checkpoint(work / "finished", PROVENANCE, made_from)
        save_checkpoint(work / "curve", {}, {"provenance": made_from, "curve": dagger.curve})
        put_in_place(work / "finished", target)
        _publish_curve(workspace)
        keep(workspace.kept("distill"), target, curve)
        shutil.rmtree(work, ignore_errors=True)


def config_of(params: Params) -> StudentConfig:
    """The shapes of the student that `params` describe."""
    student, vision = params.student, params.vision
    channels = student.points.channels if student.sees == "points" else student.images.channels
    return StudentConfig(
        sees=student.sees, head=student.head, channels=channels, feature=student.feature, width=student.width,
        blocks=student.blocks, proprioception=PROPRIOCEPTION, horizon=params.prior.execute, action_dim=ACTION_DIM,
        cameras=len(vision.cameras), image_height=vision.height, image_width=vision.width,
        train_steps=student.diffusion.train_steps, ddim_steps=student.diffusion.ddim_steps,
    )  # fmt: skip


def shown_shape(params: Params) -> tuple[int, ...]:
    """The shape of what one student is shown."""
    vision = params.vision
    if params.student.sees == "points":
        return (vision.cloud.points, 3)
    return (len(vision.cameras), vision.height, vision.width, 3)


def teach(params: Params, workspace: Workspace, folder: Path) -> Dagger:
    """A DAgger run to its end, its state in `folder`: rounds of episodes and updates, then the final updates."""
    vision = {name: value for name, value in as_dict(params.vision).items() if name != "randomise"}
    dagger = Dagger(params.distill, params.student, config_of(params), vision, shown_shape(params),
                    folder / "memory", params.seed)  # fmt: skip
    _resume(dagger, folder)
    job = Job(params, workspace, (), folder / "acting", 0.0, True, params.seed)
    total = params.distill.samples
    try:
        with Crew(run_job, params.distill.workers) as crew:
            with progress("distill", total, "samples", initial=dagger.samples) as bar:
                while dagger.samples < total:
                    _round(dagger, params, crew, job, bar)
                    dagger.save_state(folder / "state")
            _finish(dagger, folder)
            if not dagger.curve or dagger.curve[-1]["updates"] != dagger.updates:
                _measure(dagger, params, crew, job)
    finally:
        release_stages()
    return dagger


def _round(dagger: Dagger, params: Params, crew: Crew[Job, Turns], job: Job, bar: Progress) -> None:
    """One episode in each environment, then its share of the updates; a point of the curve where one is due."""
    distill, before = params.distill, dagger.samples
    share = teacher_share(distill.share, before)
    if before and job.student:
        dagger.policy().save(job.student)
    seeds = teaching_seeds(params, job.workspace.task, dagger.rounds * distill.envs, distill.envs)
    turns = play(crew, replace(job, student=job.student if before else None, share=share), seeds)
    samples = turns.flat()
    if len(samples["chunk"]) == 0:
        raise CorruptArtifact("no episode of a round could be simulated; train the expert again.")
    dagger.insert(samples)
    new = dagger.samples - before
    losses = list(dagger.learn(round(new * distill.updates_per_sample)))
    bar.update(new, share=f"{share:.2f}", loss=float(np.mean(losses or [0.0])),
               success=f"{turns.success[:, -1].mean():.1%}")  # fmt: skip
    if dagger.samples // distill.evaluate_every > before // distill.evaluate_every and dagger.samples < distill.samples:
        point = _measure(dagger, params, crew, job)
        bar.note(f"distill: {dagger.samples} samples, success at the end {point['success_end']['rate']:.1%}")


def _measure(dagger: Dagger, params: Params, crew: Crew[Job, Turns], job: Job) -> dict[str, Any]:
    assert job.student is not None
    dagger.policy().save(job.student)
    point = {"samples": dagger.samples, "updates": dagger.updates,
             **curve_point(params, crew, job, dagger.normalisers["action"])}  # fmt: skip
    dagger.curve.append(point)
    return point


def _finish(dagger: Dagger, folder: Path) -> None:
    total = dagger.params.final_updates
    with progress("distill: last updates", total, "updates", initial=dagger.final_done) as bar:
        for loss in dagger.finish():
            bar.update(1, loss=loss)
            if dagger.final_done % _EVERY == 0:
                dagger.save_state(folder / "state")
    dagger.save_state(folder / "state")


def _resume(dagger: Dagger, folder: Path) -> None:
    state = folder / "state"
    if state.exists():
        try:
            dagger.load_state(state)
            print(f"distill: going on from {dagger.samples} samples", file=sys.stderr)
        except (CorruptArtifact, IncompatibleArtifact) as error:
            print(f"distill: starting afresh, since the state cannot be used: {error}", file=sys.stderr)
            shutil.rmtree(state, ignore_errors=True)  # its samples are about to be written over


def _remove_others(folder: Path) -> None:
    """Memories are large: the states of runs with other parameters, which lie beside `folder`, go."""
    for stale in folder.parent.glob("*"):
        if stale != folder:
            shutil.rmtree(stale, ignore_errors=True)


def _publish_curve(workspace: Workspace) -> None:
    """Put a learning curve into the reports if its student is in place, also one that a killed run left."""
    try:
        _, left = load_checkpoint(workspace.work("distill") / "curve")
    except (MissingInput, CorruptArtifact):
        return
    if same_provenance(workspace.data("student"), left["provenance"]):
        atomic_write_json(workspace.reports / CURVE, left["curve"])


def _parameters(params: Params) -> dict[str, Any]:
    """What the student's bytes depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "vision", "student", "distill")}
    del values["simulation"]["num_threads"], values["distill"]["workers"], values["distill"]["tasks"]
    return values | {"prior": {"execute": params.prior.execute}}


def _is_finished(target: Path, made_from: dict[str, Any]) -> bool:
    if not same_provenance(target, made_from):
        return False
    try:
        StudentPolicy.load(target)
    except (CorruptArtifact, IncompatibleArtifact):
        print(f"distill: {target} is damaged; teaching it again", file=sys.stderr)
        return False
    return True
