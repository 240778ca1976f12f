"""Co-training: the student goes on learning from new simulated samples, and from recorded trials on a robot."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from expertgen.data.atomic import atomic_write_json
from expertgen.data.checkpoints import add_to_checkpoint
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint, provenance
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, InvalidParameter
from expertgen.learn.cotraining import cotraining
from expertgen.learn.dagger import Dagger
from expertgen.params import Params, as_dict
from expertgen.policies.student import StudentPolicy
from expertgen.stages.artifacts import PROVENANCE, put_in_place, same_provenance
from expertgen.stages.crew import Crew
from expertgen.stages.distill import CURVE, shown_shape
from expertgen.stages.distill_point import curve_point
from expertgen.stages.load_prior import load_prior
from expertgen.stages.policies import load_expert
from expertgen.stages.progress import progress
from expertgen.stages.student import load_student
from expertgen.stages.student_episodes import Job, Turns, play, release_stages, run_job
from expertgen.stages.student_starts import teaching_seeds
from expertgen.stages.threads import torch_threads
from expertgen.trials.real_samples import RealEpisode, real_episodes, real_samples
from expertgen.workspace import Workspace

STUDENT, REPORT = "student_cotrained", "cotrain.json"
_FIRST = 2**31  # of the episodes of a run's own starts: distill takes them from 0 on
_EVERY = 500  # updates between two saved states


def run(params: Params, task: str, workspace: Workspace, trials: Sequence[str]) -> None:
    """Write data/TASK/student_cotrained: data/TASK/student after more updates, on simulated samples and on the trials
    that `trials` name (trials.real_samples.real_episodes), and reports/TASK/cotrain.json; or go on where an interrupted
    run left its state. The number of workers changes no byte.

    Raises MissingInput, InvalidParameter, CorruptArtifact, IncompatibleArtifact, StageBusy, CannotWrite, WorkerFailed.
    """
    target, work, report = workspace.data(STUDENT), workspace.work("cotrain"), workspace.reports / REPORT
    with stage_lock(workspace.lock("cotrain")):
        student = load_student(params, workspace)
        load_expert(workspace, load_prior(workspace), params.simulation.episode_steps)  # now, and not in a worker
        episodes = real_episodes(workspace.data("trials"), trials) if params.cotrain.real_share else []
        real = real_samples(episodes, student, params.simulation.control_hz) if episodes else {}
        made_from = _made_from(params, workspace, episodes)
        if params.cotrain.real_share and not real:
            raise InvalidParameter("cotrain.real_share is above 0, and no trials were named to take real samples from.")
        if same_provenance(target, made_from) and _told(report) == made_from:
            print(f"cotrain: {target} is up to date", file=sys.stderr)
            shutil.rmtree(work, ignore_errors=True)
            return
        folder = work / fingerprint(made_from)[:16]
        for stale in (path for path in work.glob("*") if path != folder):
            shutil.rmtree(stale, ignore_errors=True)  # memories are large
        with torch_threads(params.distill.num_threads):
            dagger, after = teach(params, workspace, student, real, folder)
        told = _report(params, workspace, episodes, real, dagger, after) | {"provenance": made_from}
        dagger.policy().save(work / "finished")
        add_to_checkpoint(work / "finished", PROVENANCE, made_from)
        put_in_place(work / "finished", target)
        atomic_write_json(report, told)
        shutil.rmtree(work, ignore_errors=True)
    _tell(told, target, report)


def teach(params: Params, workspace: Workspace, student: StudentPolicy, real: Mapping[str, NDArray[Any]],
          folder: Path) -> tuple[Dagger, dict[str, Any]]:  # fmt: skip
    """A whole run, its state in `folder`: first all simulated samples, then all updates. With what it came to in
    simulation, as a point of distill's curve."""
    dagger = cotraining(student, params.distill, params.cotrain, params.student, shown_shape(params),
                        folder / "memory", params.seed, real)  # fmt: skip
    _resume(dagger, folder)
    job = Job(params, workspace, (), workspace.data("student"), params.cotrain.teacher_share, True, params.seed)
    try:
        with Crew(run_job, params.distill.workers) as crew:
            _collect(dagger, params, crew, job, folder)
            _learn(dagger, folder)
            dagger.policy().save(folder / "acting")
            after = curve_point(params, crew, replace(job, student=folder / "acting"), dagger.normalisers["action"])
    finally:
        release_stages()
    return dagger, after


def _collect(dagger: Dagger, params: Params, crew: Crew[Job, Turns], job: Job, folder: Path) -> None:
    """Rounds of one episode in each environment, as the student and its teacher take turns."""
    total, envs = params.cotrain.samples, params.distill.envs
    with progress("cotrain", total, "samples", initial=dagger.samples) as bar:
        while dagger.samples < total:
            before = dagger.samples
            seeds = teaching_seeds(params, job.workspace.task, _FIRST + dagger.rounds * envs, envs)
            turns = play(crew, job, seeds)
            samples = turns.flat()
            if len(samples["chunk"]) == 0:
                raise CorruptArtifact("no episode of a round could be simulated; train the expert again.")
            dagger.insert(samples)
            dagger.save_state(folder / "state")
            bar.update(dagger.samples - before, success=f"{turns.success[:, -1].mean():.1%}")


def _learn(dagger: Dagger, folder: Path) -> None:
    with progress("cotrain: updates", dagger.params.final_updates, "updates", initial=dagger.final_done) as bar:
        for loss in dagger.finish():
            bar.update(1, loss=loss)
            if dagger.final_done % _EVERY == 0:
                dagger.save_state(folder / "state")
    dagger.save_state(folder / "state")


def _resume(dagger: Dagger, folder: Path) -> None:
    state = folder / "state"
    if not state.exists():
        return
    try:
        dagger.load_state(state)
        print(f"cotrain: going on from {dagger.samples} samples, {dagger.updates} updates", file=sys.stderr)
    except (CorruptArtifact, IncompatibleArtifact) as error:
        print(f"cotrain: starting afresh, since the state cannot be used: {error}", file=sys.stderr)
        shutil.rmtree(state, ignore_errors=True)  # its samples are about to be written over


def _made_from(params: Params, workspace: Workspace, episodes: Sequence[RealEpisode]) -> dict[str, Any]:
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "vision", "student", "cotrain")}
    del values["simulation"]["num_threads"]
    lessons = as_dict(params.distill)
    names = ("envs", "batch_size", "weight_decay", "average", "evaluate_episodes", "num_threads")
    values |= {"distill": {name: lessons[name] for name in names}, "prior": {"execute": params.prior.execute}}
    values["trials"] = {episode.name: episode.sha256 for episode in episodes}
    inputs = {name: workspace.data(name) for name in ("prior", "expert", "student")}
    return provenance("cotrain", workspace.task, params.seed, values, inputs, ("scipy",))


def _report(params: Params, workspace: Workspace, episodes: Sequence[RealEpisode], real: Mapping[str, NDArray[Any]],
            dagger: Dagger, after: dict[str, Any]) -> dict[str, Any]:  # fmt: skip
    """`before`: the last point of the student's own curve, measured on the same starts; null where it is not there."""
    try:
        before = json.loads((workspace.reports / CURVE).read_text(encoding="utf-8"))[-1]
    except (OSError, ValueError, IndexError):
        before = None
    return {
        "task": workspace.task, "trials": [episode.name for episode in episodes],
        "real_samples": len(real["chunk"]) if real else 0, "real_share": params.cotrain.real_share,
        "simulated_samples": dagger.samples, "updates": dagger.updates, "before": before, "after": after,
    }  # fmt: skip


def _told(report: Path) -> object:
    try:
        return json.loads(report.read_text(encoding="utf-8")).get("provenance")
    except (OSError, ValueError, AttributeError):
        return None


def _tell(told: Mapping[str, Any], target: Path, report: Path) -> None:
    rates = [f"{100 * point['success_end']['rate']:.1f} %" for point in (told["before"], told["after"]) if point]
    print(f"cotrain: {len(told['trials'])} trials, {told['real_samples']} real samples; success in simulation at the "
          f"end of the episode {' before, '.join(rates)}{' after' if len(rates) == 2 else ''}")  # fmt: skip
    print(f"cotrain: {target}, {report}")
