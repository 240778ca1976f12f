"""The expert's episodes, with what cameras see: the source of the released dataset (ExpertGen, IV-C)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from expertgen.data.episodes import EpisodeStore, shard_path
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint, provenance
from expertgen.errors import require_known
from expertgen.params import Params, as_dict
from expertgen.scenes.tabletop import CAMERAS
from expertgen.stages.artifacts import bring_back, keep
from expertgen.stages.load_prior import load_prior
from expertgen.stages.policies import load_expert
from expertgen.stages.rollouts_shard import RolloutJob, make_rollouts
from expertgen.stages.shards import make_store, store_is_finished, summary
from expertgen.stages.starts import ROLLOUTS, start_seeds
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Collect `rollouts.episodes` episodes into the store data/TASK/rollouts, or go on where a run stopped.

    Failed episodes are kept and marked. The number of workers changes no byte. Raises MissingInput,
    CorruptArtifact and IncompatibleArtifact for prior or expert, UnknownName for a camera, StageBusy, CannotWrite,
    WorkerFailed.
    """
    for camera in params.rollouts.cameras:
        require_known("camera", camera.name, CAMERAS)
    target, work = workspace.data("rollouts"), workspace.work("rollouts")
    with stage_lock(workspace.lock("rollouts")):
        load_expert(workspace, load_prior(workspace), params.simulation.episode_steps)  # now, and not in a worker
        inputs = {name: workspace.data(name) for name in ("prior", "expert")}
        made_from = provenance("rollouts", task, params.seed, _parameters(params), inputs)
        bring_back(workspace.kept("rollouts"), target)
        if store_is_finished("rollouts", target, made_from):
            print(f"rollouts: {target} is up to date", file=sys.stderr)
            shutil.rmtree(work, ignore_errors=True)
            return
        jobs = _jobs(params, workspace, work, fingerprint(made_from))
        with timed(workspace, "rollouts"):
            make_store("rollouts", jobs, make_rollouts, params.rollouts.workers, made_from, target)
        keep(workspace.kept("rollouts"), target)
    print(summary("rollouts", EpisodeStore.open(target, verify=False)))


def _parameters(params: Params) -> dict[str, Any]:
    """What the store's bytes depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "rollouts")}
    del values["simulation"]["num_threads"], values["rollouts"]["workers"]
    return values | {"prior": {"execute": params.prior.execute}}


def _jobs(params: Params, workspace: Workspace, work: Path, key: str) -> list[RolloutJob]:
    episodes, size = params.rollouts.episodes, params.rollouts.shard_episodes
    seeds = start_seeds(ROLLOUTS, params, episodes)
    return [
        RolloutJob(params, workspace, int(seeds[first]), min(size, episodes - first), shard_path(work, index), key)
        for index, first in enumerate(range(0, episodes, size))
    ]
