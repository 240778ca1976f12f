"""Planners as the scripted policy makes them, without a simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from expertgen.benchmarks import TASKS
from expertgen.env import WORKSPACE
from expertgen.params import load_params
from expertgen.programs.contained import ContainedProgram
from expertgen.programs.limits import Limits
from expertgen.programs.verdict import ProgramFailed, Verdict
from expertgen.skills import Planner

ROOT = Path(__file__).resolve().parents[2]
PARAMS = load_params(ROOT / "params.yaml").script
# CPU seconds are few, so that endless loops end soon; the wall clock is long, for the machine may be busy.
QUICK = Limits(cpu_seconds=1, wall_seconds=120.0, memory_bytes=96 * 1024 * 1024)


def planner(task: str = "lift_banana", count: int = 3) -> Planner:
    """`count` starts of a task."""
    benchmark = TASKS[task]
    objects = np.stack([benchmark.reset_distribution(np.random.default_rng(i)).objects for i in range(count)])
    noise = 0.01 * np.stack([np.random.default_rng([i, 1]).standard_normal(3) for i in range(count)])
    tool = np.tile([0.45, 0.0, 0.30], (count, 1))
    return Planner(tool, np.zeros(count), objects, noise, PARAMS, 0.1, benchmark.articulated)


def verdict_of(source: str, task: str = "lift_banana", limits: Limits = QUICK) -> Verdict:
    """What becomes of a program."""
    try:
        ContainedProgram(source, WORKSPACE, limits)(planner(task))
    except ProgramFailed as failed:
        return failed.verdict
    return Verdict("ok")


def body(*lines: str) -> str:
    """A program of these lines."""
    return "def scripted_policy(env):\n    import torch\n" + "".join(f"    {line}\n" for line in lines)
