"""Control steps a second of this project's Lift Banana against robosuite's Lift, on the same cores in one run.

    python benchmarks/robosuite_lift.py [--envs 256] [--repeats 6] [--seconds 5] [--json PATH]

Makes an environment of its own for robosuite (build/robosuite, from robosuite_requirements.txt; a registry is needed
the first time). robosuite runs on one thread, so as many of its processes run at once as there are cores; this
project's environments run in one process on as many threads. The two take turns, and each turn gives one ratio; the
file holds median and quartiles.

Compared are control steps of the same physical duration: 0.1 s (10 Hz, this project's rate) and 0.05 s (20 Hz,
robosuite's own). The ratio of steps a second is then also the ratio of simulated seconds a second, and both rates
are given. On either side a step is everything from an action to the next state observation: controller, physics,
observation, success or reward; no images, and resets are not counted. The tasks are not the same and neither is
their physics, each being as its users get it: robosuite lifts a cube at 2 ms a physics step, operational-space
control in Python each of them, and meets random actions here, which seldom touch anything; this project lifts a
banana at the step of params.yaml, follows joint targets found once each control step, and meets the script's
actions, which grasp. How much of the ratio is the longer physics step, `ratio_of_physics_steps` tells.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from robosuite_processes import REQUIREMENTS, Robosuite, robosuite_python

from expertgen.data.atomic import atomic_write_json
from expertgen.make_env import make_env
from expertgen.params import Params, load_params
from expertgen.policies.scripted import ScriptedPolicy

ROOT = Path(__file__).resolve().parents[1]
RATES = (10.0, 20.0)  # Hz


class Ours:
    """Episodes of the script in a batch of environments, on all cores."""

    def __init__(self, params: Params, rate: float, seconds: float, num_envs: int) -> None:
        self.simulation = dataclasses.replace(params.simulation, control_hz=rate, num_threads=0)
        self.env = make_env("lift_banana", self.simulation, num_envs, params.prior.execute)
        self.script, self.seconds = ScriptedPolicy(self.env, params.script, params.prior.horizon), seconds

    def rates(self) -> np.ndarray:
        """As Robosuite.rates."""
        env, steps, spent = self.env, 0, np.zeros(2)
        duration = self.simulation.episode_steps * round(self.simulation.control_hz / 10)
        seeds = np.arange(env.num_envs)
        while spent[0] < self.seconds or env.elapsed[0] < duration:
            if steps == 0 or env.elapsed[0] >= duration:
                env.reset(seeds)
                self.script.plan(seeds)
            actions = self.script.act(env.observe())[:, : env.execute]
            before = np.array([time.perf_counter(), time.process_time()])
            env.step_chunk(actions)
            spent += np.array([time.perf_counter(), time.process_time()]) - before
            steps += env.num_envs * env.execute
        return steps / spent


def measure(params: Params, rate: float, arguments: argparse.Namespace, python: Path) -> dict[str, Any]:
    """Turns at one control rate."""
    theirs = Robosuite(python, rate, arguments.seconds, os.cpu_count() or 1)
    ours = Ours(params, rate, arguments.seconds, arguments.envs)
    turns = np.array([(ours.rates(), theirs.rates()) for _ in range(arguments.repeats)])
    theirs.close()
    row: dict[str, Any] = {
        "control_hz": rate, "physics_step_s": {"ours": params.simulation.timestep, "robosuite": theirs.physics_step},
    }
    coarser = params.simulation.timestep / theirs.physics_step
    for index, clock in enumerate(("wall", "processor")):
        mine, other = turns[:, 0, index], turns[:, 1, index]
        low, middle, high = np.percentile(mine / other, [25, 50, 75])
        row[clock] = {
            "ratio": round(float(middle), 1), "ratio_quartiles": [round(float(low), 1), round(float(high), 1)],
            "ratio_of_physics_steps": round(float(middle) / coarser, 1),
            "control_steps_per_s": {"ours": round(float(np.median(mine))), "robosuite": round(float(np.median(other)))},
            "simulated_s_per_s": {
                "ours": round(float(np.median(mine)) / rate, 1), "robosuite": round(float(np.median(other)) / rate, 1),
            },
        }  # fmt: skip
        print(f"{rate:g} Hz, {clock:9} time: {row[clock]['control_steps_per_s']} control steps/s, "
              f"ratio {middle:.1f} [{low:.1f}, {high:.1f}]", flush=True)  # fmt: skip
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", type=Path, default=ROOT / "reports/benchmarks/robosuite_lift.json")
    arguments = parser.parse_args()
    params, python = load_params(ROOT / "params.yaml"), robosuite_python()
    rows = [measure(params, rate, arguments, python) for rate in RATES]
    pins = [line for line in REQUIREMENTS.read_text().split() if line.startswith(("robosuite==", "mujoco=="))]
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_json(arguments.json, {
        "cores": os.cpu_count(), "envs": arguments.envs, "turns": arguments.repeats,
        "robosuite": sorted(pins), "rates": rows,
    })  # fmt: skip


if __name__ == "__main__":
    main()
