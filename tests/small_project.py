"""A project of its own, with parameters so small that each stage takes seconds and gates that let that through."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from expertgen.params import as_dict, load_params

ROOT = Path(__file__).parents[1]
TASK = "lift_banana"
# Each stage that keeps state writes it several times, so that kills fall before, between and after.
SIZES: dict[str, dict[str, Any]] = {
    "simulation": {"num_threads": 1},
    "demos": {"episodes": 8, "shard_episodes": 2, "workers": 2},
    "prior": {
        "width": 32, "blocks": 1, "iterations": 60, "batch_size": 32, "warmup": 5, "train_on": "all",
        "checkpoint_every": 10,
    },
    "preflight": {"starts": 4, "noises": 2, "ddim_steps": [1, 2]},
    "steer": {
        "num_envs": 4, "decisions": 64, "batch_size": 16, "updates": 1, "replay": 64, "warmup_steps": 2,
        "critic_warmup_updates": 1, "evaluate_every": 32, "evaluate_episodes": 4, "checkpoint_every": 16,
    },
    "rollouts": {
        "episodes": 3, "shard_episodes": 2, "workers": 2,
        "cameras": [{"name": name, "width": 32, "height": 24} for name in ("front", "side")],
    },
    "evaluate": {"episodes": 4, "batch": 4, "dtw_episodes": 0, "videos": 0},
    "perturb": {"tasks": ["lift_banana"], "episodes": 4},
    "release": {"episodes": "all"},
    "student": {
        "head": "regression", "points": {"channels": [8, 8], "train": 16}, "feature": 8, "width": 16, "blocks": 1,
    },
    "distill": {
        "tasks": ["lift_banana"], "samples": 64, "envs": 4, "batch_size": 16, "final_updates": 20, "evaluate_every": 32,
        "evaluate_episodes": 2, "num_threads": 1,
    },
    "student_report": {"episodes": 2, "robustness_episodes": 0, "looks": 2},
}  # fmt: skip
# What so little training makes is good for nothing, but has to pass.
GATES: dict[str, dict[str, Any]] = {
    "demos": {"episodes": 8, "success": 0.0},
    "prior": {"starts": 1, "gaussian_min": 0.0, "zero_min": 0.0, "best_of_n_min": 0.0},
    "steer": {"episodes": 1, "success": 0.0},
    "rollouts": {
        "episodes": 3, "success": 0.0, "joint_margin": 0.0, "joint_speed": 10.0, "position_jump": 2.0,
        "rotation_jump": 4.0,
    },
    "evaluate": {"episodes": 4, "expert_min": 0.0, "expert_low": 0.0, "prior_min": 0.0},
    "distill": {
        "episodes": 1, "success": 0.0, "position": 9.0, "rotation": 9.0, "gripper": 0.0, "loss": 99.0, "points": 1,
    },
}  # fmt: skip


def make_small_project(folder: Path) -> None:
    """Copy what git holds of this project into `folder`, as far as its stages need it, with small parameters."""
    shutil.copytree(ROOT / "expertgen", folder / "expertgen", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "programs", folder / "programs")
    (folder / "reports" / "demonstrations").mkdir(parents=True)  # what no stage makes, but the report depends on
    shutil.copytree(ROOT / ".dvc", folder / ".dvc", ignore=shutil.ignore_patterns("cache", "tmp", "config.local"))
    for name in ("dvc.yaml", ".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, folder / name)
    write_small_parameters(folder / "params.yaml")
    run(folder, "git", "init", "-q")


def run(folder: Path, *command: str, fails: bool = False) -> str:
    """What a command in `folder` prints; `fails` expects a status other than 0."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def write_small_parameters(path: Path) -> None:
    """Write the committed params.yaml with SIZES and GATES, and with TASK alone, to `path`."""
    values = as_dict(load_params(ROOT / "params.yaml"))
    values |= {"tasks": [TASK], "per_task": {TASK: {}}}
    for section, sizes in SIZES.items():
        values[section] |= sizes
    values["per_task"] = {task: {} for task in values["tasks"]}  # DVC wants a line for each
    for gate, thresholds in GATES.items():
        values["gates"][gate] |= thresholds
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
