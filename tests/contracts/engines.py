"""Every engine under contract, by name: how to build B copies of the Lift Banana scene on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from expertgen.benchmarks import TASKS
from expertgen.scenes.tabletop import build_tabletop
from expertgen.sims.interface import Simulator
from expertgen.sims.mujoco_batch import MujocoBatch

TASK = TASKS["lift_banana"]
CONTROL_HZ = 10.0


def mujoco_batch(num_envs: int, num_threads: int) -> Simulator:
    model = build_tabletop("panda_hand", 0.005, TASK.add_objects)
    return MujocoBatch(model, num_envs, CONTROL_HZ, num_threads=num_threads)


ENGINES: dict[str, Callable[[int, int], Simulator]] = {"mujoco": mujoco_batch}


def start(sim: Simulator, ids: np.ndarray | None = None, seed: int = 0) -> None:
    """Put environments at starts of the task that depend on `seed` and their own number."""
    ids = np.arange(sim.num_envs) if ids is None else ids
    starts = [TASK.reset_distribution(np.random.default_rng([seed, i])) for i in ids]
    sim.reset(ids, *(np.stack([getattr(s, f) for s in starts]) for f in ("joints", "fingers", "objects")))


def motion(sim: Simulator, steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Joint targets (B, S, 7) that drift down towards the table, and gripper openings (B, S) that change."""
    generator = np.random.default_rng([seed, 99])
    drift = generator.normal(0, 0.03, (sim.num_envs, steps, 7)) + np.array([0, 0.05, 0, -0.02, 0, 0, 0])
    targets = sim.state().joints[:, None] + np.cumsum(drift, axis=1)
    return targets, np.where(generator.random((sim.num_envs, steps)) < 0.5, 0.0, sim.fingers_open)
