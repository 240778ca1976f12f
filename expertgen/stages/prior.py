"""The diffusion prior, trained on the demonstrations (ExpertGen, III-B and IV-A)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from expertgen.benchmarks import TASKS
from expertgen.data.checkpoints import add_to_checkpoint
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint, provenance
from expertgen.errors import CorruptArtifact, IncompatibleArtifact
from expertgen.learn.behaviour_cloning import BehaviourCloning
from expertgen.params import Params, as_dict
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.stages.artifacts import PROVENANCE, bring_back, keep, put_in_place, same_provenance
from expertgen.stages.prior_data import load_demonstrations
from expertgen.stages.progress import progress
from expertgen.stages.threads import torch_threads
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Train on data/TASK/demos, or go on where an interrupted run left its state, and write data/TASK/prior.

    An interrupted and resumed run writes the bytes of an uninterrupted one. Raises MissingInput without a store or
    without episodes to train on, CorruptArtifact for a damaged store (which is left as it is), StageBusy, CannotWrite.
    """
    target, work = workspace.data("prior"), workspace.work("prior")
    with stage_lock(workspace.lock("prior")):
        demonstrations = load_demonstrations(workspace.data("demos"), params.prior.train_on)
        made_from = provenance("prior", task, params.seed, _parameters(params), {"demos": workspace.data("demos")})
        bring_back(workspace.kept("prior"), target)
        if _is_finished(target, made_from):
            print(f"prior: {target} is up to date", file=sys.stderr)
            shutil.rmtree(work, ignore_errors=True)
            return
        print(
            f"prior: training on {demonstrations.episodes} of {demonstrations.of} demonstrations "
            f"({params.prior.train_on})", file=sys.stderr,
        )
        with timed(workspace, "prior"), torch_threads(params.prior.num_threads):
            cloning = BehaviourCloning(
                demonstrations.observations, demonstrations.actions, demonstrations.episode_ends, params.prior,
                params.seed, TASKS[task].index,
            )
            _train(cloning, work / fingerprint(made_from)[:16])
        _save(cloning.result(), made_from, work / "finished", target)
        keep(workspace.kept("prior"), target)
        shutil.rmtree(work, ignore_errors=True)


def _parameters(params: Params) -> dict[str, Any]:
    """What the prior's bytes depend on."""
    values = as_dict(params.prior)
    del values["checkpoint_every"]
    return {"prior": values}


def _is_finished(target: Path, made_from: dict[str, Any]) -> bool:
    if not same_provenance(target, made_from):
        return False
    try:
        DiffusionPrior.load(target)
    except (CorruptArtifact, IncompatibleArtifact):
        print(f"prior: {target} is damaged; training it again", file=sys.stderr)
        return False
    return True


def _train(cloning: BehaviourCloning, state: Path) -> None:
    """Train to the end, writing `state` now and then; its name says what the run is made from."""
    _resume(cloning, state)
    params = cloning.params
    with progress("prior", params.iterations, "iterations", initial=cloning.iteration) as bar:
        for done in cloning.run():
            bar.update(loss=done.loss)
            if done.iteration % params.checkpoint_every == 0:
                cloning.save_state(state)


def _resume(cloning: BehaviourCloning, state: Path) -> None:
    for path in state.parent.iterdir() if state.parent.is_dir() else ():
        if path != state:
            print(f"prior: discarding {path}, which an unlike run left", file=sys.stderr)
            shutil.rmtree(path, ignore_errors=True)
    if not state.exists():
        return
    try:
        cloning.load_state(state)
        print(f"prior: going on from iteration {cloning.iteration}", file=sys.stderr)
    except (CorruptArtifact, IncompatibleArtifact) as error:
        print(f"prior: starting anew, for the state cannot be used: {error}", file=sys.stderr)


def _save(prior: DiffusionPrior, made_from: dict[str, Any], finished: Path, target: Path) -> None:
    prior.save(finished)
    add_to_checkpoint(finished, PROVENANCE, made_from)
    put_in_place(finished, target)
