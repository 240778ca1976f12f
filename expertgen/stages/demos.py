"""Demonstrations by the scripted policy, failed ones included and marked (ExpertGen, III-A)."""

from __future__ import annotations

from functools import partial
from typing import Any

from expertgen.data.lock import stage_lock
from expertgen.data.provenance import provenance
from expertgen.params import Params, as_dict
from expertgen.programs.recorded import program_inputs, program_text, script_parameters
from expertgen.stages.demos_shard import DemosShard, make_shard
from expertgen.stages.shards import Order, collect, order
from expertgen.stages.starts import DEMOS, evaluation_seeds, start_seeds
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Collect `demos.episodes` episodes into the store data/TASK/demos, or go on where an interrupted run stopped.

    The number of workers changes no byte. Raises InvalidParameter, MissingInput, ProgramFailed, StageBusy,
    CannotWrite, WorkerFailed.
    """
    with stage_lock(workspace.lock("demos")):
        collect(ordered(params, task, workspace), make_shard, params.demos.workers)


def ordered(params: Params, task: str, workspace: Workspace) -> Order[DemosShard]:
    """The store that `run` makes, for whoever makes its shards. Raises InvalidParameter, MissingInput."""
    evaluation_seeds(params)  # refuses an evaluation on these starts now, and not when all is trained
    made_from = provenance("demos", task, params.seed, _parameters(params), program_inputs(params.script, workspace))
    shard = partial(
        DemosShard, task=task, simulation=params.simulation, script=params.script,
        program=program_text(params.script.program, workspace),
    )
    seeds = start_seeds(DEMOS, params, params.demos.episodes)
    return order("demos", workspace, made_from, seeds, params.demos.shard_episodes, shard)


def _parameters(params: Params) -> dict[str, Any]:
    """What the store's bytes depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "demos")}
    values["script"] = script_parameters(params.script)
    del values["simulation"]["num_threads"], values["demos"]["workers"]
    return values
