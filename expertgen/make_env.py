"""Build an environment from parameters: the one place that chooses an engine."""

from __future__ import annotations

from expertgen.benchmarks import TASKS
from expertgen.env import Env
from expertgen.params import SimulationParams
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.mujoco_batch import MujocoBatch


def make_env(task: str, params: SimulationParams, num_envs: int, execute: int) -> Env:
    """`num_envs` environments of a task in the catalogue; `execute` control steps a chunk."""
    benchmark = TASKS[task]
    model = build_tabletop(params.robot, params.timestep, benchmark.add_objects)
    simulator = MujocoBatch(model, num_envs, params.control_hz, num_threads=params.num_threads)
    return Env(benchmark, simulator, params, execute, simulator.kinematics)
