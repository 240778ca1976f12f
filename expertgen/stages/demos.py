"""Demonstrations by the scripted policy, failed ones included and marked (ExpertGen, III-A)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from expertgen.data.episodes import EpisodeStore, shard_path
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint, provenance
from expertgen.params import Params, as_dict
from expertgen.programs.recorded import program_inputs, program_text, script_parameters
from expertgen.stages.artifacts import bring_back, keep
from expertgen.stages.demos_shard import ShardJob, make_shard
from expertgen.stages.shards import make_store, store_is_finished, summary
from expertgen.stages.starts import DEMOS, evaluation_seeds, start_seeds
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Collect `demos.episodes` episodes into the store data/TASK/demos, or go on where an interrupted run stopped.

    The number of workers changes no byte. Raises InvalidParameter, MissingInput, ProgramFailed, StageBusy,
    CannotWrite, WorkerFailed.
    """
    evaluation_seeds(params)  # refuses an evaluation on these starts now, and not when all is trained
    target, work = workspace.data("demos"), workspace.work("demos")
    with stage_lock(workspace.lock("demos")):
        inputs = program_inputs(params.script, workspace)
        made_from = provenance("demos", task, params.seed, _parameters(params), inputs)
        bring_back(workspace.kept("demos"), target)
        if store_is_finished("demos", target, made_from):
            print(f"demos: {target} is up to date", file=sys.stderr)
            shutil.rmtree(work, ignore_errors=True)
            return
        program = program_text(params.script.program, workspace)
        jobs = _jobs(params, task, work, fingerprint(made_from), program)
        with timed(workspace, "demos"):
            make_store("demos", jobs, make_shard, params.demos.workers, made_from, target)
        keep(workspace.kept("demos"), target)
    print(summary("demos", EpisodeStore.open(target, verify=False)))


def _parameters(params: Params) -> dict[str, Any]:
    """What the store's bytes depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "demos")}
    values["script"] = script_parameters(params.script)
    del values["simulation"]["num_threads"], values["demos"]["workers"]
    return values


def _jobs(params: Params, task: str, work: Path, key: str, program: str | None) -> list[ShardJob]:
    episodes, size = params.demos.episodes, params.demos.shard_episodes
    seeds = start_seeds(DEMOS, params, episodes)
    return [
        ShardJob(
            task, params.simulation, params.script, int(seeds[first]), min(size, episodes - first),
            shard_path(work, index), key, program,
        )
        for index, first in enumerate(range(0, episodes, size))
    ]
