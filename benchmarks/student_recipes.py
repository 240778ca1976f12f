"""Ways of teaching a student, each with as many samples: success against samples (ExpertGen, Fig. 5 and Table V).

    python benchmarks/student_recipes.py lift_banana
    python benchmarks/student_recipes.py lift_banana --recipes alpha-1 alpha-0.2 --samples 40960

alpha-F: the teacher's share of decisions falls from 1 to F between 25 % and 50 % of the samples, as in the paper;
alpha-1 is behaviour cloning on the teacher's rollouts. SIGHT-HEAD: what is seen and what predicts the actions, with
alpha-0.2; alpha-0.2 itself has params.yaml's, so that it is one of these. All else is params.yaml's too, the seed 0.
Needs data/TASK/prior and expert. Writes reports/students/TASK.json, .png and .md; runs that the JSON holds already, of
the same parameters, prior and expert, are not repeated, and an interrupted one goes on from its last state. Samples lie
in data/TASK/.work/recipes while a run lasts: each 3 kB of points, or 187 kB of images.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_json, atomic_write_text
from expertgen.data.hashing import content_sha256
from expertgen.data.lock import stage_lock
from expertgen.data.provenance import fingerprint, source_sha256
from expertgen.data.write_errors import CannotWrite, report_write_errors
from expertgen.errors import CorruptArtifact, ExpertGenError, InvalidParameter, require_known
from expertgen.metrics.wilson import Rate
from expertgen.params import Params, ShareParams, as_dict, load_params
from expertgen.report.anytask_tables import name_of
from expertgen.report.student_recipes import StudentCurve, plot_student_recipes
from expertgen.report.student_recipes_table import KINDS, outcomes_text, read_outcomes, recipes_page
from expertgen.stages.crew import Crew
from expertgen.stages.distill import shown_shape, teach
from expertgen.stages.load_prior import load_prior
from expertgen.stages.policies import load_expert
from expertgen.stages.student_episodes import Job, play, release_stages, run_job
from expertgen.stages.student_starts import curve_seeds
from expertgen.stages.threads import torch_threads
from expertgen.workspace import Workspace


@dataclasses.dataclass(frozen=True)
class Recipe:
    """`share`: of decisions, that the teacher has in the end; `sees`, `head`: None for params.yaml's."""

    label: str
    share: float
    colour: str
    dash: str = "-"
    sees: str | None = None
    head: str | None = None


# What the others of a group are compared with comes first.
SHARES = {
    "alpha-1": Recipe("α = 1, cloning", 1.0, "#555555"),
    "alpha-0.4": Recipe("α = 0.4", 0.4, "#009E73"),
    "alpha-0.2": Recipe("α = 0.2", 0.2, "#D55E00"),
    "alpha-0": Recipe("α = 0", 0.0, "#B0568A"),
}
SIGHTS = {
    f"{sees}-{head}": Recipe(f"{sees}, {head}", 0.2, colour, dash, sees, head)
    for sees, colour in (("points", "#D55E00"), ("images", "#0072B2"))
    for head, dash in (("regression", "--"), ("diffusion", "-"))
}
RECIPES = SHARES | SIGHTS
GROUPS = {"The teacher's final share α": SHARES, "What is seen, and the head": SIGHTS}


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Samples to teach on, samples between points of the curve, episodes of each point, and last updates."""

    samples: int
    every: int
    episodes: int
    final_updates: int


_OPTIONS = {"every": "evaluate-every", "final_updates": "final-updates"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task")
    parser.add_argument("--recipes", metavar="NAME", nargs="+", default=list(RECIPES), help=", ".join(RECIPES))
    parser.add_argument("--samples", type=int, default=20480, help="of each run (default: 20480)")
    parser.add_argument("--evaluate-every", type=int, help="samples between points (default: a quarter of --samples)")
    parser.add_argument("--episodes", type=int, help="of a point (default: distill.evaluate_episodes)")
    parser.add_argument("--final-updates", type=int, help="after the last sample (default: distill.final_updates)")
    parser.add_argument("--params", metavar="PATH", type=Path, default=Path("params.yaml"), help="parameter file")
    args = parser.parse_args()
    try:
        require_known("task", args.task, TASKS)
        for name in args.recipes:
            require_known("recipe", name, RECIPES)
        params = load_params(args.params, None, args.task)
        every = max(1, args.samples // 4) if args.evaluate_every is None else args.evaluate_every
        episodes = params.distill.evaluate_episodes if args.episodes is None else args.episodes
        updates = params.distill.final_updates if args.final_updates is None else args.final_updates
        sizes = Sizes(args.samples, every, episodes, updates)
        for option, value in dataclasses.asdict(sizes).items():
            if value < 1:
                raise InvalidParameter(f"--{_OPTIONS.get(option, option)}: found {value}, expected an integer >= 1")
        compare(params, Workspace(args.params.parent, args.task), args.recipes, sizes)
    except ExpertGenError as error:
        print(f"student_recipes: error: {error}", file=sys.stderr)
        return 2
    return 0


def compare(params: Params, workspace: Workspace, recipes: list[str], sizes: Sizes) -> None:
    """Teach what is missing, one after the other, and draw after each."""
    load_expert(workspace, load_prior(workspace), params.simulation.episode_steps)  # now, and not in a worker
    wanted = {name: sized(params, recipe, sizes) for name, recipe in RECIPES.items()}
    keys = {name: key_of(each, workspace) for name, each in wanted.items()}
    path = workspace.root / "reports" / "students" / f"{workspace.task}.json"
    if sizes.samples // 2 < samples_of_a_round(params):
        print(f"student_recipes: a round has {samples_of_a_round(params)} samples: with {sizes.samples} in all the "
              "teacher's share hardly falls. Give more --samples, or fewer distill.envs.", file=sys.stderr)  # fmt: skip
    with stage_lock(workspace.lock("recipes")):
        runs = read(path)
        for name in recipes:
            key, home = keys[name], workspace.work("recipes") / keys[name][:16]
            if key not in runs:
                print(f"student_recipes: {name}", file=sys.stderr, flush=True)
                runs = write(path, workspace.task, {key: taught(wanted[name], workspace, home, key)})
            shutil.rmtree(home, ignore_errors=True)
            print(f"{name}: {Rate.of(read_outcomes(runs[key]['outcomes']['success_end']))} at the end")
            # Runs of other parameters stay in the file, but do not belong in one picture.
            current = {name: runs[key] for name, key in keys.items() if key in runs}
            publish(path, workspace.task, current, sizes)


def samples_of_a_round(params: Params) -> int:
    return params.distill.envs * (params.simulation.episode_steps // params.prior.execute)


def sized(params: Params, recipe: Recipe, sizes: Sizes) -> Params:
    """The parameters of a run. Its memory has room for all samples, the last round's too, and no more than that."""
    distill, student = params.distill, params.student
    distill = dataclasses.replace(
        distill, samples=sizes.samples, evaluate_every=sizes.every, evaluate_episodes=sizes.episodes,
        final_updates=sizes.final_updates,
        share=ShareParams(initial=1.0, final=recipe.share, begin=sizes.samples // 4, end=sizes.samples // 2),
        memory=min(distill.memory, sizes.samples + samples_of_a_round(params)),
    )  # fmt: skip
    student = dataclasses.replace(student, sees=recipe.sees or student.sees, head=recipe.head or student.head)
    return dataclasses.replace(params, seed=0, distill=distill, student=student)


def key_of(params: Params, workspace: Workspace) -> str:
    """What a run's student depends on, but for the code."""
    values = {name: as_dict(getattr(params, name)) for name in ("simulation", "vision", "student", "distill")}
    del values["simulation"]["num_threads"], values["distill"]["workers"], values["distill"]["tasks"]
    inputs = {name: content_sha256(workspace.data(name)) for name in ("prior", "expert")}
    return fingerprint(values | inputs | {"execute": params.prior.execute, "seed": params.seed})


def taught(params: Params, workspace: Workspace, home: Path, key: str) -> dict[str, Any]:
    """One run, from nothing or from where it was interrupted, as plain values; its state stays in `home`."""
    # Teaching removes what lies beside its folder, as the states of earlier runs; so it has a folder of its own in one.
    folder = home / "teaching" / "run"
    require_room(params, folder / "memory")
    earlier, begun = spent(home / "clock.json", folder / "state"), time.time()
    with torch_threads(params.distill.num_threads):
        dagger = teach(params, workspace, folder)
    seconds = earlier + time.time() - begun
    dagger.policy().save(home / "student")
    starts = curve_seeds(params, params.distill.evaluate_episodes)
    return {
        "key": key, "code": source_sha256("distill", workspace.task), "seed": params.seed,
        "sees": params.student.sees, "head": params.student.head, "final_share": params.distill.share.final,
        "samples": dagger.samples, "updates": dagger.updates, "seconds": round(seconds, 1),
        "cores": cores_of(params), "points": dagger.curve, "starts": [int(starts[0]), int(starts[-1])],
        "outcomes": outcomes(params, workspace, home / "student"), "teacher": outcomes(params, workspace, None),
    }  # fmt: skip


def cores_of(params: Params) -> int:
    """As many as a run keeps busy."""
    here = len(os.sched_getaffinity(0))
    return min(here, max(params.distill.workers or here, params.distill.num_threads))


def outcomes(params: Params, workspace: Workspace, student: Path | None) -> dict[str, str]:
    """Of every episode on the curve's starts, as the curve's points have them: the student's, or the teacher's."""
    job = Job(params, workspace, (), student, 0.0 if student else 1.0, False, params.seed)
    try:
        with Crew(run_job, params.distill.workers) as crew:
            success = play(crew, job, curve_seeds(params, params.distill.evaluate_episodes)).success
    finally:
        release_stages()
    return dict(zip(KINDS, (outcomes_text(success[:, -1]), outcomes_text(success.any(1))), strict=True))


def spent(clock: Path, state: Path) -> float:
    """Seconds that earlier, interrupted turns took until the last state that they saved, for what came after is done
    again; notes that another turn begins."""
    earlier = 0.0
    try:
        noted = json.loads(clock.read_text(encoding="utf-8"))
        earlier = noted["seconds"] + (max(0.0, state.stat().st_mtime - noted["begun"]) if state.exists() else 0.0)
    except FileNotFoundError:
        pass
    atomic_write_json(clock, {"seconds": earlier, "begun": time.time()})
    return earlier


def require_room(params: Params, memory: Path) -> None:
    """Raise CannotWrite unless the samples fit on the disk: a file in memory that does not ends the process."""
    needed = params.distill.memory * math.prod(shown_shape(params)) * (2 if params.student.sees == "points" else 1)
    with report_write_errors(memory):
        memory.mkdir(parents=True, exist_ok=True)
    there = sum(512 * path.stat().st_blocks for path in memory.glob("*.npy"))
    free = shutil.disk_usage(memory).free
    if free + there < 1.05 * needed:
        raise CannotWrite(f"{memory} needs {needed / 1e9:.1f} GB for samples, of which {(free + there) / 1e9:.1f} GB "
                          "are free. Free some space on its disk, or give fewer --samples.")  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    """Key → run. Raises CorruptArtifact."""
    try:
        return {run["key"]: run for run in json.loads(path.read_text(encoding="utf-8"))["runs"]}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptArtifact(f"{path} does not hold runs of students ({type(error).__name__}: {error}). Restore it "
                              "with `git checkout`, or move it away.") from None  # fmt: skip


def write(path: Path, task: str, runs: dict[str, Any]) -> dict[str, Any]:
    """Add `runs` to those in `path`, and give all of them, in an order that does not depend on when they were made."""
    merged = read(path) | runs
    order = sorted(merged.values(), key=lambda run: (run["samples"], run["sees"], run["head"], -run["final_share"],
                                                     run["key"]))  # fmt: skip
    atomic_write_json(path, {"task": task, "definitions": DEFINITIONS, "runs": order})
    return merged


def publish(path: Path, task: str, runs: dict[str, Any], sizes: Sizes) -> None:
    """Figure and table of runs: recipe → run."""
    panels = {
        title: [curve_of(recipe, runs[name]) for name, recipe in group.items() if name in runs]
        for title, group in GROUPS.items()
    }
    any_run = next(iter(runs.values()))
    teacher = Rate.of(read_outcomes(any_run["teacher"]["success_end"]))
    caption = (f"{teacher.n} starts per point, seeds {any_run['starts'][0]} to {any_run['starts'][1]}, none taught on; "
               "achieved at the end of the last control step;\n95 % Wilson bands; one training each, seed 0")
    plot_student_recipes(path.with_suffix(".png"), panels, teacher=teacher,
                         decay=(sizes.samples // 4, sizes.samples // 2), caption=caption)  # fmt: skip
    groups = {
        title: {recipe.label: runs[name] for name, recipe in group.items() if name in runs}
        for title, group in GROUPS.items()
    }
    atomic_write_text(path.with_suffix(".md"), recipes_page(name_of(task), f"{path.stem}.png", groups))


def curve_of(recipe: Recipe, run: dict[str, Any]) -> StudentCurve:
    samples = tuple(point["samples"] for point in run["points"])
    rates = tuple(Rate.from_json(point["success_end"]) for point in run["points"])
    return StudentCurve(recipe.label, recipe.colour, recipe.dash, samples, rates)


DEFINITIONS = {
    "success_end": "achieved at the end of the last control step",
    "success_any": "achieved at the end of some control step",
    "interval": "95 % Wilson",
    "final_share": "the teacher's share of decisions (alpha) from half of the samples on; 1 until a quarter of them",
    "samples": "labelled decisions",
    "seconds": "teaching with its curve's points, with the work that an interruption undid counted once",
    "labels": "of the student's chunks against the teacher's on the states that the student meets: m, rad, shares",
    "outcomes": "1 or 0 for each start, in their order",
}


if __name__ == "__main__":
    sys.exit(main())
