"""The two grippers under the same script from the same starts: success, how well a grasp holds, and speed.

    python benchmarks/grippers.py [--starts 256] [--json reports/benchmarks/grippers.json]

Needs the Robotiq's model: pip install --no-deps gym-hil==0.1.14. Three scripts: params.yaml's; the same without its
pose noise; and a well-aimed one, which grasps the middle of the banana, not of its box, at any yaw. Creep is the
speed of held bananas over the second second after the well-aimed episode, in micrometres a second. Steps a second
come from Env.step_chunk alone, in episodes of params.yaml's script that take turns between the grippers.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from expertgen.data.atomic import atomic_write_json
from expertgen.env import Env
from expertgen.make_env import make_env
from expertgen.metrics.wilson import Rate
from expertgen.params import Params, ScriptParams, load_params
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.rollout import Episodes, run_episodes

ROOT = Path(__file__).resolve().parents[1]
ROBOTS = ("panda_hand", "panda_robotiq")
SPEED_ENVS, SPEED_TURNS = 64, 9


def scripts(params: ScriptParams) -> dict[str, ScriptParams]:
    """The scripts to compare, by name."""
    exact = dataclasses.replace(params, position_noise=0.0, yaw_noise=0.0)
    return {
        "script": params, "noise_free": exact,
        "well_aimed": dataclasses.replace(exact, aim_offset=0.01, yaw_limit=float(np.pi / 2)),
    }  # fmt: skip


def episodes(env: Env, params: Params, script: ScriptParams) -> Episodes:
    """One episode in each environment, from the starts 0, 1, ..."""
    policy = ScriptedPolicy(env, script, params.prior.horizon)
    return run_episodes(env, policy.act, np.arange(env.num_envs), policy.plan)


def creep(env: Env, done: Episodes) -> dict[str, float]:
    """Speed of the held bananas, um/s: median and 90th percentile. The environments stand at the episodes' end."""
    second = round(env.params.control_hz)
    hold = torch.from_numpy(done.action[:, -1:].repeat(2 * second, axis=1))
    place = env.step_chunk(hold).objects[done.success_end, :, 0, :3]
    speed = np.linalg.norm(place[:, -1] - place[:, second - 1], axis=-1) * 1e6
    return {"median": round(float(np.median(speed))), "p90": round(float(np.percentile(speed, 90)))}


def seconds_per_episode(env: Env, params: Params) -> np.ndarray:
    """Wall and processor time of the chunks of one episode."""
    policy, seeds = ScriptedPolicy(env, params.script, params.prior.horizon), np.arange(env.num_envs)
    env.reset(seeds)
    policy.plan(seeds)
    spent = np.zeros(2)
    while env.elapsed[0] < env.episode_steps:
        actions = policy.act(env.observe())[:, : env.execute]
        before = np.array([time.perf_counter(), time.process_time()])
        env.step_chunk(actions)
        spent += np.array([time.perf_counter(), time.process_time()]) - before
    return spent


def envs(params: Params, count: int) -> dict[str, Env]:
    """Environments with each gripper."""
    return {
        robot: make_env("lift_banana", dataclasses.replace(params.simulation, robot=robot), count, params.prior.execute)
        for robot in ROBOTS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=256)
    parser.add_argument("--json", type=Path, default=ROOT / "reports/benchmarks/grippers.json")
    arguments = parser.parse_args()
    params = load_params(ROOT / "params.yaml")
    report: dict[str, Any] = {robot: {} for robot in ROBOTS}
    for robot, env in envs(params, arguments.starts).items():
        for name, script in scripts(params.script).items():
            done = episodes(env, params, script)
            rates = {"any": Rate.of(done.success_any), "end": Rate.of(done.success_end)}
            report[robot][name] = {which: rate.to_json() for which, rate in rates.items()}
            print(f"{robot:13} {name:10} any {rates['any']}, end {rates['end']}", flush=True)
        report[robot]["creep_um_per_s"] = creep(env, done)
    timed = envs(params, SPEED_ENVS)
    turns = np.array([[seconds_per_episode(env, params) for env in timed.values()] for _ in range(SPEED_TURNS)])
    steps = SPEED_ENVS * params.simulation.episode_steps
    for index, robot in enumerate(ROBOTS):
        wall, processor = np.median(turns[:, index], axis=0)
        report[robot]["env_steps_per_s"] = {"wall": round(steps / wall), "processor": round(steps / processor)}
        print(f"{robot:13} {report[robot]['env_steps_per_s']} control steps/s, "
              f"creep {report[robot]['creep_um_per_s']} um/s", flush=True)  # fmt: skip
    ratio = np.median(turns[:, 0, 1] / turns[:, 1, 1])
    report["speed_of_robotiq_over_hand"] = round(float(ratio), 3)
    report["parameters"] = dataclasses.asdict(params.script) | {"timestep": params.simulation.timestep}
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_json(arguments.json, report)


if __name__ == "__main__":
    main()
