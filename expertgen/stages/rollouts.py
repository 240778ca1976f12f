"""The expert's episodes, with what cameras see: the source of the released dataset (ExpertGen, IV-C)."""

from __future__ import annotations

from functools import partial
from typing import Any

from expertgen.data.lock import stage_lock
from expertgen.data.provenance import provenance
from expertgen.errors import require_known
from expertgen.params import Params, as_dict
from expertgen.scenes.tabletop import CAMERAS
from expertgen.stages.load_prior import load_prior
from expertgen.stages.policies import load_expert
from expertgen.stages.rollouts_shard import RolloutsShard, make_rollouts
from expertgen.stages.shards import collect, order
from expertgen.stages.starts import ROLLOUTS, start_seeds
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Collect `rollouts.episodes` episodes into the store data/TASK/rollouts, or go on where a run stopped.

    Failed episodes are kept and marked. The number of workers changes no byte. Raises MissingInput,
    CorruptArtifact and IncompatibleArtifact for prior or expert, UnknownName for a camera, StageBusy, CannotWrite,
    WorkerFailed.
    """
    for camera in params.rollouts.cameras:
        require_known("camera", camera.name, CAMERAS)
    with stage_lock(workspace.lock("rollouts")):
        load_expert(workspace, load_prior(workspace), params.simulation.episode_steps)  # now, and not in a worker
        inputs = {name: workspace.data(name) for name in ("prior", "expert")}
        made_from = provenance("rollouts", task, params.seed, _parameters(params), inputs)
        seeds = start_seeds(ROLLOUTS, params, params.rollouts.episodes)
        shard = partial(RolloutsShard, params=params, workspace=workspace)
        ordered = order("rollouts", workspace, made_from, seeds, params.rollouts.shard_episodes, shard)
        collect(ordered, make_rollouts, params.rollouts.workers)


def _parameters(params: Params) -> dict[str, Any]:
    """What the store's bytes depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "rollouts")}
    del values["simulation"]["num_threads"], values["rollouts"]["workers"]
    return values | {"prior": {"execute": params.prior.execute}}
