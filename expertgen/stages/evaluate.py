"""Evaluation: every policy on the same starts, as ExpertGen measures them (section V-D)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.data.json_file import read_json
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import provenance
from expertgen.data.publish import complete, publication
from expertgen.params import Params, as_dict
from expertgen.programs.recorded import program_inputs, script_parameters
from expertgen.report.tables import markdown_table, text_table
from expertgen.rollout import Episodes
from expertgen.stages.evaluate_figures import draw_figures
from expertgen.stages.evaluate_metrics import definitions, measure, paired, success_maps, successful_actions
from expertgen.stages.evaluate_report import report_text, rows_of
from expertgen.stages.evaluate_rollouts import Rollouts, Runner
from expertgen.stages.evaluate_videos import make_videos
from expertgen.stages.load_prior import load_prior
from expertgen.stages.policies import DISPLAY_NAMES, load_expert
from expertgen.stages.starts import evaluation_seeds
from expertgen.stages.steer_curve import plot_curve
from expertgen.stages.threads import torch_threads
from expertgen.stages.wall_time import timed
from expertgen.workspace import Workspace

MAPPED = ("prior", "expert")
NEEDS = {"script": (), "prior": ("prior",), "zero": ("prior",), "expert": ("prior", "expert")}
METRICS = "metrics.json"
# Small networks in blocks of 64 rows gain nothing from a second thread, and on a busy machine lose tenfold by it.
THREADS = 1


def run(params: Params, task: str, workspace: Workspace) -> None:
    """Evaluate all policies on `evaluate.episodes` starts; write metrics.json, table.md, report.md, figures, videos.

    metrics.json is fixed by parameters and inputs. All files are replaced together. Raises MissingInput,
    CorruptArtifact, IncompatibleArtifact, StageBusy, CannotWrite; InvalidParameter for starts that were trained on.
    """
    seeds = evaluation_seeds(params)
    with stage_lock(workspace.lock("evaluate")):
        # Before minutes of simulation, not after.
        load_expert(workspace, load_prior(workspace), params.simulation.episode_steps)
        demos = workspace.data("demos")
        references = successful_actions(demos) if params.evaluate.dtw_episodes else None
        inputs = {name: workspace.data(name) for name in ("prior", "expert")} | ({"demos": demos} if references else {})
        inputs |= program_inputs(params.script, workspace)
        made_from = provenance("evaluate", task, params.seed, _parameters(params), inputs)
        complete(workspace.reports, "evaluate")
        metrics = _finished(workspace.reports, made_from)
        if metrics is not None:
            print(f"evaluate: {workspace.reports / METRICS} is up to date", file=sys.stderr)
        with publication(workspace.reports, "evaluate") as folder:
            if metrics is None:
                with timed(workspace, "evaluate"), torch_threads(THREADS):
                    runner = Runner(params, task, workspace)
                    rollouts = {name: runner.run(name, seeds) for name in DISPLAY_NAMES}
                    metrics = _metrics(params, task, rollouts, references) | {"provenance": made_from}
                    _show(params, task, folder, metrics, {name: rolled.episodes for name, rolled in rollouts.items()})
            _tell(params, workspace, folder, metrics)


def evaluate_policy(
    params: Params, task: str, workspace: Workspace, policy: str, episodes: int, seed: int, json_path: Path | None
) -> None:
    """Evaluate one policy by itself, print its line, and write its numbers to `json_path` if there is one.

    Nothing in reports/ is touched. DTW is left out where there are no demonstrations. Raises as `run` does.
    """
    seeds = evaluation_seeds(params, seed, episodes)
    demos, references = workspace.data("demos"), None
    if params.evaluate.dtw_episodes and demos.exists():
        references = successful_actions(demos)
    elif params.evaluate.dtw_episodes:
        print(f"evaluate: no DTW, for there are no demonstrations at {demos}", file=sys.stderr)
    with torch_threads(THREADS):
        rollouts = Runner(params, task, workspace).run(policy, seeds)
    inputs = {name: workspace.data(name) for name in NEEDS[policy]} | ({"demos": demos} if references else {})
    inputs |= program_inputs(params.script, workspace) if policy == "script" else {}
    metrics = _counts(params, task, seed, episodes) | {"policies": {policy: measure(rollouts, references, params)}}
    _warn(policy, rollouts)
    print(text_table(rows_of(metrics)), end="")
    if json_path is not None:
        parameters = _parameters(params) | {"episodes": episodes, "seed": seed}
        made_from = provenance("evaluate", task, params.seed, parameters, inputs)
        atomic_write_json(json_path, metrics | {"provenance": made_from})


def _parameters(params: Params) -> dict[str, Any]:
    """What the numbers depend on."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "evaluate")}
    values["script"] = script_parameters(params.script)
    del values["simulation"]["num_threads"], values["evaluate"]["batch"]
    prior = as_dict(params.prior)
    return values | {"prior": {name: prior[name] for name in ("horizon", "execute")}}


def _finished(reports: Path, made_from: dict[str, Any]) -> dict[str, Any] | None:
    """The metrics of an evaluation from the same inputs, if it is there with all that belongs to it."""
    metrics = read_json(reports / METRICS) if (reports / METRICS).is_file() else None
    if not isinstance(metrics, dict) or metrics.get("provenance") != made_from:
        return None
    return metrics if all((reports / name).exists() for name in metrics.get("files", ["?"])) else None


def _counts(params: Params, task: str, seed: int, episodes: int) -> dict[str, Any]:
    return {"task": task, "episodes": episodes, "seed": seed, "definitions": definitions(params, task)}


def _metrics(
    params: Params, task: str, rollouts: dict[str, Rollouts], references: list[np.ndarray] | None
) -> dict[str, Any]:
    expert = rollouts["expert"].episodes
    maps = success_maps(task, {name: rollouts[name].episodes for name in MAPPED})
    for name, rolled in rollouts.items():
        _warn(name, rolled)
    return _counts(params, task, params.evaluate.seed, params.evaluate.episodes) | {
        "policies": {name: measure(rolled, references, params) for name, rolled in rollouts.items()},
        "paired": {name: paired(expert, rolled.episodes) for name, rolled in rollouts.items() if name != "expert"},
        "expert_failures": expert.seeds[~expert.success_any].tolist(),
        "success_map": {name: built.to_json() for name, built in maps.items()},
    }


def _show(
    params: Params, task: str, folder: Path, metrics: dict[str, Any], episodes: dict[str, Episodes]
) -> None:
    """Draw and film into `folder`; metrics learn the files' names."""
    draw_figures(folder, metrics, success_maps(task, {name: episodes[name] for name in MAPPED}), params)
    make_videos(folder, episodes, params.evaluate.videos, task, params.simulation)
    metrics["files"] = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*"))


def _tell(params: Params, workspace: Workspace, folder: Path, metrics: dict[str, Any]) -> None:
    """Write into `folder` the metrics and what follows from them and from what the other stages left: cheap, so it is
    always made anew."""
    points = read_json(workspace.reports / "curve.json")
    if points:
        plot_curve(folder, points, params.seed)
    atomic_write_text(folder / workspace.table.name, markdown_table(rows_of(metrics)))
    atomic_write_text(folder / "report.md", report_text(metrics, workspace.reports))
    atomic_write_json(folder / METRICS, metrics)


def _warn(policy: str, rollouts: Rollouts) -> None:
    for seed, reason in sorted(rollouts.unhealthy.items())[:5]:
        print(f"evaluate: {DISPLAY_NAMES[policy]} failed to simulate from start {seed}: {reason}", file=sys.stderr)
