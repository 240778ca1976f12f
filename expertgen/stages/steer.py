"""The expert: FastTD3 over the initial noise of the frozen prior, from sparse success alone."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from expertgen.data.atomic import atomic_write_json
from expertgen.data.checkpoints import add_to_checkpoint, load_checkpoint, save_checkpoint
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint, provenance
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.learn.steering import Steering
from expertgen.learn.steering_progress import Progress as Learning
from expertgen.make_env import make_env
from expertgen.metrics.wilson import Rate
from expertgen.params import Params, as_dict
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.policies.steered import SteeredPolicy
from expertgen.rollout import run_episodes
from expertgen.stages.artifacts import PROVENANCE, bring_back, keep, put_in_place, same_provenance
from expertgen.stages.load_prior import load_prior
from expertgen.stages.progress import Progress, progress
from expertgen.stages.starts import LEARNING_CURVE, start_seeds
from expertgen.stages.threads import torch_threads
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Train the expert, or go on where an interrupted run left its state: data/TASK/expert, and its curve.json.

    Raises MissingInput without a prior, CorruptArtifact, IncompatibleArtifact, StageBusy, CannotWrite.
    """
    target, work, curve = workspace.data("expert"), workspace.work("steer"), workspace.reports / "curve.json"
    with stage_lock(workspace.lock("steer")):
        _publish_curve(workspace)
        prior = load_prior(workspace)
        made_from = provenance("steer", task, params.seed, _parameters(params), {"prior": workspace.data("prior")})
        bring_back(workspace.kept("steer"), target, curve)
        if _is_finished(target, made_from, prior) and curve.exists():
            print(f"steer: {target} is up to date", file=sys.stderr)
            shutil.rmtree(work, ignore_errors=True)
            return
        with timed(workspace, "steer"), torch_threads(params.steer.num_threads):
            steering = build(params, task, prior)
            _train(steering, params, work / fingerprint(made_from)[:16])
        _save(steering, made_from, work)
        put_in_place(work / "finished", target)
        _publish_curve(workspace)
        keep(workspace.kept("steer"), target, curve)
        shutil.rmtree(work, ignore_errors=True)


def _save(steering: Steering, made_from: dict[str, Any], work: Path) -> None:
    steering.policy().save(work / "finished")
    add_to_checkpoint(work / "finished", PROVENANCE, made_from)
    save_checkpoint(work / "curve", {}, {"provenance": made_from, "curve": steering.curve})


def _publish_curve(workspace: Workspace) -> None:
    """Put a learning curve into the reports if its expert is in place, also one that a killed run left: expert and
    curve are never of different runs."""
    try:
        _, left = load_checkpoint(workspace.work("steer") / "curve")
    except (MissingInput, CorruptArtifact):  # killed before the curve was whole, or when it had been published
        return
    if same_provenance(workspace.data("expert"), left["provenance"]):
        atomic_write_json(workspace.reports / "curve.json", left["curve"])


def _parameters(params: Params) -> dict[str, Any]:
    """What the expert's bytes depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "steer")}
    del values["simulation"]["num_threads"], values["steer"]["checkpoint_every"]
    return values


def _is_finished(target: Path, made_from: dict[str, Any], prior: DiffusionPrior) -> bool:
    if not same_provenance(target, made_from):
        return False
    try:
        SteeredPolicy.load(target, prior)
    except (CorruptArtifact, IncompatibleArtifact):
        print(f"steer: {target} is damaged; training it again", file=sys.stderr)
        return False
    return True


def build(params: Params, task: str, prior: DiffusionPrior) -> Steering:
    """A run at its beginning, with an evaluation on starts of its own for the learning curve."""
    env = make_env(task, params.simulation, params.steer.num_envs, prior.execute)
    return Steering(env, prior, params.steer, task, params.seed, evaluation(params, task, prior.execute))


def evaluation(params: Params, task: str, execute: int) -> Callable[[SteeredPolicy], dict[str, Any]]:
    """The learning curve's measurement: success on `steer.evaluate_episodes` starts, the same at each point."""
    seeds = start_seeds(LEARNING_CURVE, params, params.steer.evaluate_episodes)
    env = make_env(task, params.simulation, len(seeds), execute)

    def evaluate(policy: SteeredPolicy) -> dict[str, Any]:
        episodes = run_episodes(env, lambda seen: policy.act(seen, env.elapsed), seeds)
        return {
            "success_any": Rate.of(episodes.success_any).to_json(),
            "success_end": Rate.of(episodes.success_end).to_json(),
        }

    return evaluate


def _train(steering: Steering, params: Params, state: Path) -> None:
    total, every = params.steer.decisions, params.steer.checkpoint_every
    _resume(steering, state)
    with progress("steer", total, "decisions", initial=steering.decisions) as bar:
        for step in steering.run(total):
            _show(bar, step, params.steer.num_envs)
            if steering.decisions // every > (steering.decisions - params.steer.num_envs) // every:
                steering.save_state(state)


def _resume(steering: Steering, state: Path) -> None:
    if state.exists():
        try:
            steering.load_state(state)
            print(f"steer: going on from {steering.decisions} decisions", file=sys.stderr)
        except (CorruptArtifact, IncompatibleArtifact) as error:
            print(f"steer: starting afresh, since the state cannot be used: {error}", file=sys.stderr)
    for stale in state.parent.glob("*") if state.parent.is_dir() else ():
        if stale != state:
            shutil.rmtree(stale, ignore_errors=True)


def _show(bar: Progress, step: Learning, count: int) -> None:
    values = {"success": f"{step.success:.1%}"} if step.success is not None else {}
    bar.update(count, **values)
    if step.evaluation:
        any_time, at_end = (Rate.from_json(step.evaluation[name]) for name in ("success_any", "success_end"))
        bar.note(f"steer: {step.decisions} decisions, success {any_time}, at the end {at_end}")
