"""Two steering recipes on the same prior, several seeds each: success against decisions and against wall time.

    python benchmarks/steering_recipes.py lift_banana --seeds 0 1 2 --jobs 2

The recipes are params.yaml's and profiles/plain.yaml's (the paper's). Needs data/TASK/prior. Writes
reports/TASK/recipes.json and recipes.png; runs that recipes.json holds already, of the same prior and parameters, are
not repeated. The wall time is collecting and learning, without evaluations, on one core for each of `--jobs` runs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_json
from expertgen.data.provenance import fingerprint
from expertgen.errors import ExpertGenError, require_known
from expertgen.metrics.wilson import Rate
from expertgen.params import Params, as_dict, load_params
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.report.figures import plot_learning_curves
from expertgen.stages.load_prior import load_prior
from expertgen.stages.steer import build
from expertgen.stages.steer_curve import curve_of
from expertgen.workspace import Workspace

RECIPES = {"ours (params.yaml)": None, "paper's (profiles/plain.yaml)": "plain"}
TARGET = 0.95


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--decisions", type=int, help="default: each recipe's own steer.decisions")
    parser.add_argument("--recipes", nargs="+", choices=["ours", "plain"], default=["ours", "plain"])
    parser.add_argument("--jobs", type=int, default=2, help="runs at once (default: 2)")
    args = parser.parse_args()
    try:
        require_known("task", args.task, TASKS)
        compare(args.task, args.seeds, args.recipes, args.decisions, args.jobs)
    except ExpertGenError as error:
        print(f"steering_recipes: error: {error}", file=sys.stderr)
        return 2
    return 0


def compare(task: str, seeds: list[int], recipes: list[str], decisions: int | None, jobs: int) -> None:
    """Run what is missing, and draw."""
    workspace = Workspace(Path(), task)
    prior = load_prior(workspace)
    path = workspace.reports / "recipes.json"
    held = read(path)
    wanted = [job for job in all_jobs(task, seeds, decisions) if (job.profile or "ours") in recipes]
    runs: dict[str, Any] = {**held, **{job.key(prior): held.get(job.key(prior)) for job in wanted}}
    missing = [job for job in wanted if runs[job.key(prior)] is None]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(train, job) for job in missing]):
            run = future.result()
            runs[run["key"]] = run
            print(f"{run['recipe']}, seed {run['seed']}: last {Rate.from_json(run['points'][-1]['success_any'])}")
            write(path, runs)
    # Runs of other parameters or another prior stay in the file, but do not belong in one picture.
    current = {job.key(prior) for job in all_jobs(task, range(max(seeds) + 1), decisions)}
    draw(workspace.reports, [run for run in write(path, runs) if run["key"] in current], prior)


def all_jobs(task: str, seeds: Iterable[int], decisions: int | None) -> list[Job]:
    return [Job(task, name, profile, seed, decisions) for seed in seeds for name, profile in RECIPES.items()]


def read(path: Path) -> dict[str, Any]:
    """Key → run."""
    return {run["key"]: run for run in json.loads(path.read_text())["runs"]} if path.is_file() else {}


def write(path: Path, runs: dict[str, Any]) -> list[dict[str, Any]]:
    """Add `runs` to those in `path`, which another process may have added to meanwhile; all of them, in order."""
    merged = read(path) | {key: run for key, run in runs.items() if run}
    kept = sorted(merged.values(), key=lambda run: (list(RECIPES).index(run["recipe"]), run["seed"]))
    atomic_write_json(path, {"target": TARGET, "runs": kept})
    return kept


@dataclasses.dataclass(frozen=True)
class Job:
    task: str
    recipe: str
    profile: str | None
    seed: int
    decisions: int | None

    def params(self) -> Params:
        """One physics thread, since the cores are shared out among runs."""
        params = load_params(Path("params.yaml"), self.profile)
        steer = dataclasses.replace(params.steer, decisions=self.decisions or params.steer.decisions)
        simulation = dataclasses.replace(params.simulation, num_threads=1)
        return dataclasses.replace(params, seed=self.seed, steer=steer, simulation=simulation)

    def key(self, prior: DiffusionPrior) -> str:
        params = self.params()
        identity = {"steer": as_dict(params.steer), "simulation": as_dict(params.simulation), "seed": self.seed}
        return fingerprint(identity | {"prior": prior.fingerprint()})


def train(job: Job) -> dict[str, Any]:
    """One run from nothing, its learning curve as plain values."""
    params = job.params()
    torch.set_num_threads(params.steer.num_threads)
    prior = load_prior(Workspace(Path(), job.task))
    steering = build(params, job.task, prior)
    for step in steering.run(params.steer.decisions):
        if step.evaluation:
            rate = Rate.from_json(step.evaluation["success_any"])
            print(f"{job.recipe}, seed {job.seed}: {step.decisions} decisions, {rate}", file=sys.stderr, flush=True)
    return {"key": job.key(prior), "recipe": job.recipe, "seed": job.seed, "points": steering.curve}


def draw(folder: Path, runs: list[dict[str, Any]], prior: DiffusionPrior) -> None:
    curves = [curve_of(run["recipe"], run["seed"], run["points"]) for run in runs]
    n = runs[0]["points"][0]["success_any"]["n"]
    caption = f"{n} fresh starts per point, lifted at the end of any control step; prior {prior.fingerprint()[:12]}"
    plot_learning_curves(folder / "recipes.png", curves, {"95 %": 0.95, "99 %": 0.99}, target=TARGET, caption=caption)


if __name__ == "__main__":
    sys.exit(main())
