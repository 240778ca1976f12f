"""How many demonstrations does it take? Prior and expert from the first 50, 200, 500, 1000 (ExpertGen, Fig. 7).

    python benchmarks/number_of_demonstrations.py lift_banana --counts 50 200 500 1000

For each number the project's own stages demos, prior and steer work in runs/demonstrations/NUMBER with all else as
params.yaml has it, the number of training iterations too; a stage that was finished there, or with the same
parameters in data/, is not run again, and one that was interrupted goes on. The demonstrations of a smaller number are
the first of a larger one; where data/TASK/demos has them, that is checked. Prior and expert are evaluated on the
evaluation's own starts. Writes reports/demonstrations/TASK.json and .png; `expertgen report` then shows them.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_json
from expertgen.data.episodes import EpisodeStore
from expertgen.data.hashing import path_sha256
from expertgen.data.provenance import fingerprint, source_sha256
from expertgen.errors import ExpertGenError, IncompatibleArtifact, InvalidParameter, require_known
from expertgen.metrics.wilson import Rate
from expertgen.params import Params, as_dict, load_params
from expertgen.report.anytask_figures import plot_demonstrations
from expertgen.report.anytask_tables import name_of
from expertgen.stages import demos, prior, steer
from expertgen.stages.evaluate_rollouts import Runner
from expertgen.stages.starts import evaluation_seeds
from expertgen.stages.threads import torch_threads
from expertgen.workspace import Workspace

COUNTS = [50, 200, 500, 1000]
POLICIES = ("prior", "expert")
ARTIFACTS = ("demos", "prior", "expert")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--params", metavar="PATH", type=Path, default=Path("params.yaml"), help="parameter file")
    args = parser.parse_args()
    try:
        require_known("task", args.task, TASKS)
        if min(args.counts) < 1:
            raise InvalidParameter(f"--counts: found {min(args.counts)}, expected integers >= 1")
        measure(load_params(args.params, None, args.task), args.task, args.params.parent, args.counts)
    except ExpertGenError as error:
        print(f"number_of_demonstrations: error: {error}", file=sys.stderr)
        return 2
    return 0


def measure(params: Params, task: str, root: Path, counts: list[int]) -> None:
    """Train and evaluate what is missing, one number after the other, and draw."""
    committed = Workspace(root, task)
    for count in sorted(set(counts)):
        sized = dataclasses.replace(params, demos=dataclasses.replace(params.demos, episodes=count))
        workspace = Workspace(root / "runs" / "demonstrations" / str(count), task)
        if count == params.demos.episodes:
            borrow(committed, workspace)
        demos.run(sized, task, workspace)
        require_first(workspace.data("demos"), committed.data("demos"))  # before hours of training, not after
        prior.run(sized, task, workspace)
        steer.run(sized, task, workspace)
        report = root / "reports" / "demonstrations" / f"{task}.json"
        points = {point["demonstrations"]: point for point in read(report)}
        key = identity(sized, task, workspace)
        if points.get(count, {}).get("key") != key:
            points[count] = point_of(sized, task, workspace) | {"key": key}
        write(report, params, task, [points[number] for number in sorted(points)])


def borrow(committed: Workspace, workspace: Workspace) -> None:
    """Copy the committed artifacts, which the stages then find up to date, or replace."""
    for name in ARTIFACTS:
        source, target = committed.data(name), workspace.data(name)
        if source.is_dir() and not target.exists():
            shutil.copytree(source, target)
    curve = committed.reports / "curve.json"
    if curve.is_file() and not (workspace.reports / "curve.json").exists():
        workspace.reports.mkdir(parents=True, exist_ok=True)
        shutil.copy(curve, workspace.reports)


def require_first(directory: Path, committed: Path) -> None:
    """Raise IncompatibleArtifact unless the demonstrations in `directory` are the first in `committed`, or those its
    first, byte for byte."""
    if not committed.is_dir():
        return
    ours, theirs = EpisodeStore.open(directory), EpisodeStore.open(committed)
    episodes = min(ours.num_episodes, theirs.num_episodes)
    steps = int(ours.episode_ends[episodes - 1])
    same = all(
        np.array_equal(ours.read_episodes(name)[:episodes], theirs.read_episodes(name)[:episodes])
        for name in ours.episode_names
    ) and all(
        np.array_equal(ours.read_steps(name)[:steps], theirs.read_steps(name)[:steps]) for name in ours.step_names
    )
    if not same:
        raise IncompatibleArtifact(
            f"the first {episodes} demonstrations in {directory} are not those of {committed}: that store was made by "
            "other code or parameters. Make it again with `expertgen demos`, or move it away."
        )


def identity(params: Params, task: str, workspace: Workspace) -> str:
    """What a point was measured from."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "evaluate")}
    del values["simulation"]["num_threads"], values["evaluate"]["batch"]
    made_from = {name: path_sha256(workspace.data(name)) for name in POLICIES}
    return fingerprint(values | made_from | {"code": source_sha256("evaluate_rollouts", task)})


def point_of(params: Params, task: str, workspace: Workspace) -> dict[str, Any]:
    """Success of prior and expert on the evaluation's starts."""
    seeds, store = evaluation_seeds(params), EpisodeStore.open(workspace.data("demos"))
    successful = int(store.successes(at_end=True).sum())
    point: dict[str, Any] = {"demonstrations": store.num_episodes, "successful": successful}
    with torch_threads(1):  # as in the evaluation
        runner = Runner(params, task, workspace)
        for policy in POLICIES:
            episodes = runner.run(policy, seeds).episodes
            any_time, at_end = Rate.of(episodes.success_any), Rate.of(episodes.success_end)
            point[policy] = {"success_any": any_time.to_json(), "success_end": at_end.to_json()}
            print(f"{store.num_episodes} demonstrations, {policy}: {any_time} at any time, {at_end} at the end")
    return point


def read(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["points"] if path.is_file() else []


def write(path: Path, params: Params, task: str, points: list[dict[str, Any]]) -> None:
    definitions = {
        "successful": "demonstrations that succeed at their end",
        "success_any": "achieved at the end of some control step",
        "success_end": "achieved at the end of the last control step",
        "interval": "95 % Wilson",
    }
    episodes, seed = params.evaluate.episodes, params.evaluate.seed
    atomic_write_json(path, {"task": task, "episodes": episodes, "seed": seed, "run_seed": params.seed,
                             "definitions": definitions, "points": points})  # fmt: skip
    curves = {
        policy: {point["demonstrations"]: Rate.from_json(point[policy]["success_any"]) for point in points}
        for policy in POLICIES
    }
    caption = f"success at any time on {episodes} starts, seeds {seed} to {seed + episodes - 1}; run seed {params.seed}"
    plot_demonstrations(path.with_suffix(".png"), {name_of(task): curves}, caption)


if __name__ == "__main__":
    sys.exit(main())
