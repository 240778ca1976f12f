"""Env.step_chunk against bare mujoco.batch rollouts of the same scene, states and controls, interleaved in one run.

    python benchmarks/env_throughput.py [--envs 128 256] [--threads 0] [--repeats 10] [--json PATH]
    python benchmarks/env_throughput.py --tasks all [--envs 128] [--threads 0] [--repeats 10] [--json PATH]

Episodes of the script are recorded once: every chunk's actions, the engine's state before it and the controls it
comes to. Then each chunk is timed twice, in alternating order: through the environment (inverse kinematics, ramps,
recording, success, health, observation) and as one rollout of an equal Batch with the same number of threads that
records the joint positions. The ratio is environment over raw control steps a second, 1 being free of any cost;
one value for each episode of each repeat, of which the file holds median and quartiles.

Wall time is what a user waits for. Processor time is given too: other processes on the machine hardly disturb it,
but it hides that the environment's own work runs on one thread while the others wait.

With --tasks it compares tasks instead: control steps a second of each task's environment relative to Lift Banana's, the
first --control-steps of episodes of each task's script, all tasks in turn in each repeat, in alternating order.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mujoco.batch
import numpy as np
import torch

from expertgen.benchmarks import TASKS
from expertgen.data.atomic import atomic_write_json
from expertgen.env import Env
from expertgen.errors import require_known
from expertgen.make_env import make_env
from expertgen.params import Params, load_params
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.interface import ChunkTrace
from expertgen.sims.mujoco_batch import MujocoBatch

ROOT = Path(__file__).resolve().parents[1]
TASK = "lift_banana"
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "processor": time.process_time}


class RecordingBatch(MujocoBatch):
    """Remembers the controls of the last chunk."""

    controls: np.ndarray

    def step(self, joint_targets: np.ndarray, gripper: np.ndarray) -> ChunkTrace:
        self.controls = self.layout.controls(self._last_ctrl, joint_targets, gripper, self.substeps)
        return super().step(joint_targets, gripper)


@dataclasses.dataclass(frozen=True)
class RecordedChunk:
    """Environment state before a chunk, its actions (B, S, 10), and the controls (B, S * substeps, nu)."""

    state: dict[str, np.ndarray]
    actions: torch.Tensor
    controls: np.ndarray


def record(params: Params, num_envs: int, threads: int) -> tuple[Env, list[RecordedChunk]]:
    """An environment and a scripted episode to put it through."""
    simulation, execute = dataclasses.replace(params.simulation, num_threads=threads), params.prior.execute
    model = build_tabletop(simulation.robot, simulation.timestep, TASKS[TASK].add_objects)
    simulator = RecordingBatch(model, num_envs, simulation.control_hz, num_threads=threads)
    env = Env(TASKS[TASK], simulator, simulation, execute)
    seeds = np.arange(num_envs)
    script = ScriptedPolicy(env, params.script, params.prior.horizon)
    env.reset(seeds)
    script.plan(seeds)
    chunks = []
    while env.elapsed[0] < env.episode_steps:
        state, actions = env.state(), script.act(env.observe())[:, :execute].clone()
        env.step_chunk(actions)
        chunks.append(RecordedChunk(state, actions, simulator.controls))
    # To be timed: an environment that records nothing.
    return make_env(TASK, simulation, num_envs, execute), chunks


def timed(work: Callable[[], Any]) -> np.ndarray:
    """Seconds on each of CLOCKS."""
    before = [clock() for clock in CLOCKS.values()]
    work()
    return np.array([clock() for clock in CLOCKS.values()]) - before


def episode(env: Env, raw: mujoco.batch.Batch, chunks: list[RecordedChunk], swap: int) -> np.ndarray:
    """Seconds of one episode, (environment or raw, clock), from exactly equal states chunk by chunk."""
    total = np.zeros((2, len(CLOCKS)))
    for index, chunk in enumerate(chunks):
        steps = chunk.controls.shape[1]
        out = np.empty((env.num_envs, steps, env.simulator.model.nq))
        env.restore(chunk.state)
        raw.state[:] = chunk.state["state"]
        runs: list[tuple[int, Callable[[], Any]]] = [
            (0, lambda c=chunk: env.step_chunk(c.actions)),
            (1, lambda c=chunk, o=out, n=steps: raw.rollout(n, c.controls, record=("qpos",), out={"qpos": o})),
        ]
        for which, work in runs[:: -1 if (index + swap) % 2 else 1]:
            total[which] += timed(work)
    if not np.array_equal(raw.state, env.simulator.save()["state"]):
        raise RuntimeError("the two did not simulate the same")
    return total


def measure(params: Params, num_envs: int, threads: int, repeats: int) -> dict[str, Any]:
    """Ratios and rates for one batch size, after one episode of warm-up."""
    env, chunks = record(params, num_envs, threads)
    raw = mujoco.batch.Batch(env.simulator.model, nsim=num_envs, nthread=threads)
    seconds = np.stack([episode(env, raw, chunks, i) for i in range(repeats + 1)])[1:]
    control_steps = num_envs * env.episode_steps
    result: dict[str, Any] = {"envs": num_envs, "substeps": env.simulator.substeps}
    for index, clock in enumerate(CLOCKS):
        ours, bare = seconds[:, 0, index], seconds[:, 1, index]
        low, middle, high = np.percentile(bare / ours, [25, 50, 75])
        result[clock] = {
            "ratio": round(float(middle), 3),
            "ratio_quartiles": [round(float(low), 3), round(float(high), 3)],
            "env_steps_per_s": round(control_steps / float(np.median(ours))),
            "raw_steps_per_s": round(control_steps / float(np.median(bare))),
        }
    return result


def play(env: Env, script: ScriptedPolicy, control_steps: int) -> np.ndarray:
    """Seconds, on each of CLOCKS, that the environment takes for the first `control_steps` of a scripted episode."""
    seeds = np.arange(env.num_envs)
    env.reset(seeds)
    script.plan(seeds)
    total = np.zeros(len(CLOCKS))
    observation = env.observe()
    while env.elapsed[0] < control_steps:
        actions = script.act(observation)[:, : env.execute]
        total += timed(lambda a=actions: env.step_chunk(a))
    if not env.simulator.health().ok.all():
        raise RuntimeError(f"{env.benchmark.name} failed to simulate")
    return total


def compare_tasks(tasks: list[str], num_envs: int, threads: int, repeats: int, control_steps: int) -> dict[str, Any]:
    """Rates of each of `tasks`, and their ratio to TASK's in the same repeat, after one episode of warm-up each."""
    played = []
    for task in tasks:
        params = load_params(ROOT / "params.yaml", task=task)
        simulation = dataclasses.replace(params.simulation, num_threads=threads)
        env = make_env(task, simulation, num_envs, params.prior.execute)
        played.append((env, ScriptedPolicy(env, params.script, params.prior.execute)))
    seconds = np.zeros((repeats + 1, len(tasks), len(CLOCKS)))
    for repeat in range(repeats + 1):
        for index in list(range(len(tasks)))[:: -1 if repeat % 2 else 1]:
            seconds[repeat, index] = play(*played[index], control_steps)
    # The steps that were taken: whole chunks.
    steps = num_envs * np.array([env.elapsed[0] for env, _ in played])[:, None]
    rates = steps / seconds[1:]
    result: dict[str, Any] = {}
    for index, task in enumerate(tasks):
        result[task] = {}
        for number, clock in enumerate(CLOCKS):
            ratio = rates[:, index, number] / rates[:, tasks.index(TASK), number]
            low, middle, high = np.percentile(ratio, [25, 50, 75])
            result[task][clock] = {
                "env_steps_per_s": round(float(np.median(rates[:, index, number]))),
                "relative": round(float(middle), 3),
                "relative_quartiles": [round(float(low), 3), round(float(high), 3)],
            }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=int, nargs="+", help="default: 128 256; with --tasks 128")
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--tasks", nargs="+", metavar="TASK", help="compare these with Lift Banana; all: the catalogue")
    parser.add_argument("--control-steps", type=int, default=64, help="of an episode, with --tasks")
    parser.add_argument("--json", type=Path, help="default: reports/benchmarks/env_throughput.json, or ..._tasks.json")
    arguments = parser.parse_args()
    if arguments.tasks:
        report_tasks(arguments)
    else:
        report_raw(arguments)


def report_raw(arguments: argparse.Namespace) -> None:
    """Measure the environment against bare rollouts, print and write the ratios."""
    params = load_params(ROOT / "params.yaml")
    rows = []
    for num_envs in arguments.envs or [128, 256]:
        rows.append(measure(params, num_envs, arguments.threads, arguments.repeats))
        for clock in CLOCKS:
            row = rows[-1][clock]
            print(f"{num_envs:4} environments, {clock:9} time: {row['env_steps_per_s']:6} of "
                  f"{row['raw_steps_per_s']:6} control steps/s, ratio {row['ratio']:.3f} {row['ratio_quartiles']}",
                  flush=True)  # fmt: skip
    write(arguments, "env_throughput.json", {"task": TASK, "batches": rows}, params)


def report_tasks(arguments: argparse.Namespace) -> None:
    """Measure the tasks against each other, print and write their rates. Raises UnknownName."""
    asked = list(TASKS) if arguments.tasks == ["all"] else arguments.tasks
    for task in asked:
        require_known("task", task, TASKS)
    tasks = list(dict.fromkeys([TASK, *asked]))
    rows = []
    for num_envs in arguments.envs or [128]:
        found = compare_tasks(tasks, num_envs, arguments.threads, arguments.repeats, arguments.control_steps)
        rows.append({"envs": num_envs, "tasks": found})
        for task, clocks in found.items():
            rates = ", ".join(
                f"{clocks[clock]['env_steps_per_s']:6} control steps/s of {clock} time, "
                f"{clocks[clock]['relative']:.3f} of {TASK}" for clock in CLOCKS
            )
            print(f"{num_envs:4} environments, {task:18} {rates}", flush=True)
    content = {"relative_to": TASK, "control_steps": arguments.control_steps, "batches": rows}
    write(arguments, "env_throughput_tasks.json", content, load_params(ROOT / "params.yaml"))


def write(arguments: argparse.Namespace, name: str, content: dict[str, Any], params: Params) -> None:
    """Write the measurements, and how they were taken, to --json or to NAME among the reports."""
    path = arguments.json or ROOT / "reports" / "benchmarks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    how = {"robot": params.simulation.robot, "threads": arguments.threads or os.cpu_count()}
    atomic_write_json(path, content | how | {"repeats": arguments.repeats})


if __name__ == "__main__":
    main()
