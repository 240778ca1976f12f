"""One shard of demonstrations: simulate its episodes and write them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from expertgen.data.episodes import write_shard
from expertgen.env import WORKSPACE
from expertgen.make_env import make_env
from expertgen.params import ScriptParams, SimulationParams
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.programs.recorded import as_script
from expertgen.rollout import Episodes, run_episodes
from expertgen.stages.shards import Shard

# Control steps per engine call. The script plans a whole episode ahead, so this changes speed alone.
_CHUNK = 8
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class DemosShard(Shard):
    """Everything that a shard of demonstrations depends on; program: the text of a program in place of the
    benchmark's script."""

    task: str
    simulation: SimulationParams
    script: ScriptParams
    program: str | None


def make_shard(job: DemosShard) -> int:
    """Simulate and write a shard, in one thread; return the number of its episodes.

    Raises CannotWrite, ProgramFailed. An episode whose simulation fails is written, marked, and not a success.
    """
    simulation = dataclasses.replace(job.simulation, num_threads=1)
    env = make_env(job.task, simulation, job.count, _CHUNK)
    script = ScriptedPolicy(env, job.script, _CHUNK, as_script(job.program, WORKSPACE))
    episodes = run_episodes(env, script.act, job.seeds, on_start=script.plan)
    write_shard(job.path, *shard_arrays(episodes), key=job.key)
    return job.count


def shard_arrays(episodes: Episodes) -> tuple[Arrays, Arrays, np.ndarray]:
    """The steps, the per-episode arrays and the episode ends that `write_shard` takes, of N episodes of T steps.

    steps (N * T, ...): observation float32 (53) before the action, action float32 (10), joints float32 (7, rad) and
    success after it. episodes (N, ...): success_any, success_end, healthy, seed int64, start_objects float32
    (O, 7). Nothing in an unhealthy episode counts as a success, not even what came before it failed.
    """
    count, length = episodes.success.shape
    success = episodes.success & episodes.healthy[:, None]

    def flat(array: np.ndarray, dtype: type) -> np.ndarray:
        return array.reshape(count * length, *array.shape[2:]).astype(dtype)

    steps = {
        "observation": flat(episodes.observation, np.float32),
        "action": flat(episodes.action, np.float32),
        "joints": flat(episodes.joints, np.float32),
        "success": flat(success, np.bool_),
    }
    per_episode: Arrays = {
        "success_any": np.any(success, axis=1),
        "success_end": success[:, -1],
        "healthy": episodes.healthy.astype(np.bool_),
        "seed": episodes.seeds.astype(np.int64),
        "start_objects": episodes.start_objects.astype(np.float32),
    }
    return steps, per_episode, np.arange(1, count + 1, dtype=np.int64) * length
