"""Failure recovery: prior and expert with the gripper opened or the hand pushed at random (ExpertGen, VI-B)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.data.hashing import file_sha256
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import provenance
from expertgen.data.publish import complete, publication
from expertgen.index.episode_table import table_provenance
from expertgen.params import Params, as_dict
from expertgen.perturbations import KINDS, draw_events
from expertgen.stages.artifacts import bring_back, keep
from expertgen.stages.load_prior import load_prior
from expertgen.stages.perturb_labels import TABLE, labels, rows_of, write_labels
from expertgen.stages.perturb_metrics import definitions, disturbed, undisturbed
from expertgen.stages.perturb_report import draw, text
from expertgen.stages.perturb_rollouts import UNDISTURBED, run_policy
from expertgen.stages.policies import load_expert
from expertgen.stages.starts import evaluation_seeds
from expertgen.stages.threads import torch_threads
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace

POLICIES = ("prior", "expert")
METRICS, RECEIPT = "perturbations.json", "measured.json"
THREADS = 1  # as in the evaluation


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Run prior and expert on the first `perturb.episodes` starts of the evaluation: without events, with openings,
    with forces. Writes into reports/TASK perturbations.json, .md and .png, and perturbed.parquet, one row for each
    disturbed episode; and reports/perturb/TASK/measured.json, which holds the SHA-256 of perturbations.json.

    Parameters and inputs fix all of it. Raises MissingInput, CorruptArtifact, IncompatibleArtifact, StageBusy,
    CannotWrite; InvalidParameter for starts that were trained on.
    """
    seeds = evaluation_seeds(params, episodes=params.perturb.episodes)
    reports, kept = workspace.reports, workspace.kept("perturb")
    with stage_lock(workspace.lock("perturb")):
        load_expert(workspace, load_prior(workspace), params.simulation.episode_steps)
        inputs = {name: workspace.data(name) for name in POLICIES}
        made_from = provenance("perturb", task, params.seed, _parameters(params), inputs, ("pyarrow",))
        complete(reports, "perturb")
        bring_back(kept, reports / TABLE, reports / METRICS)
        metrics = _finished(reports, made_from)
        rows: list[dict[str, Any]] | None = None
        if metrics is not None:
            print(f"perturb: {reports / METRICS} is up to date", file=sys.stderr)
        else:
            with timed(workspace, "perturb"), torch_threads(THREADS):
                measured, rows = _measure(params, task, workspace, seeds)
            metrics = {
                "task": task, "episodes": len(seeds), "seed": int(seeds[0]), "event_seed": params.perturb.seed,
                "definitions": definitions(params, task), "policies": measured, "provenance": made_from,
            }  # fmt: skip
        with publication(reports, "perturb") as folder:
            if rows is not None:
                write_labels(folder / TABLE, rows, made_from)
            _tell(workspace, folder, metrics)
        keep(kept, reports / TABLE, reports / METRICS)
    print(f"perturb: {reports / 'perturbations.md'}")


def _tell(workspace: Workspace, folder: Path, metrics: dict[str, Any]) -> None:
    """Write into `folder` the metrics, text and figure, and then the receipt: the report on all tasks depends on
    receipts, as the consumers of a gated stage depend on its passed.json."""
    draw(folder / "perturbations.png", metrics)
    atomic_write_text(folder / "perturbations.md", text(metrics))
    atomic_write_json(folder / METRICS, metrics)
    name = (workspace.reports / METRICS).relative_to(workspace.root).as_posix()
    atomic_write_json(workspace.gate("perturb") / RECEIPT, {"sha256": {name: file_sha256(folder / METRICS)}})


def _measure(
    params: Params, task: str, workspace: Workspace, seeds: NDArray[np.int64]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Policy → what was measured, and the rows of the table."""
    measured: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for policy in POLICIES:
        without = run_policy(params, task, workspace, policy, UNDISTURBED, seeds)
        measured[policy] = {UNDISTURBED: undisturbed(without)}
        for kind in KINDS:
            rolled = run_policy(params, task, workspace, policy, kind, seeds)
            events = draw_events(kind, params.perturb, seeds, params.simulation.episode_steps)
            columns = labels(kind, rolled.episodes, without.episodes, events, TASKS[task], params)
            measured[policy][kind] = disturbed(rolled, columns)
            rows += rows_of(task, policy, kind, columns)
    return measured, rows


def _parameters(params: Params) -> dict[str, Any]:
    """What the numbers depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "perturb")}
    del values["simulation"]["num_threads"], values["perturb"]["tasks"]
    prior = as_dict(params.prior)
    return values | {
        "evaluate": {"seed": params.evaluate.seed}, "prior": {name: prior[name] for name in ("horizon", "execute")},
    }  # fmt: skip


def _finished(reports: Path, made_from: dict[str, Any]) -> dict[str, Any] | None:
    """The measurements of the same inputs, if they are there with the table that belongs to them."""
    try:
        metrics = json.loads((reports / METRICS).read_text(encoding="utf-8"))
        if not isinstance(metrics, dict) or metrics.get("provenance") != made_from:
            return None
        return metrics if table_provenance(pq.read_table(reports / TABLE)) == made_from else None
    except (OSError, ValueError):  # what is missing or damaged is made anew
        return None
