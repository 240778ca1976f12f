"""Episodes in which a student and its teacher take turns, as one process of several runs them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expertgen.camera_env import CameraEnv, Hardship
from expertgen.env import Env
from expertgen.make_env import make_env
from expertgen.params import Params
from expertgen.policies.student import TOOL, StudentPolicy
from expertgen.rollout import Act
from expertgen.seeds import generator
from expertgen.stages.crew import Crew
from expertgen.stages.policies import BLOCK, load_policy
from expertgen.stages.threads import torch_threads
from expertgen.vision.painter import Painter
from expertgen.workspace import Workspace


@dataclass(frozen=True)
class Job:
    """Up to BLOCK episodes from the starts `seeds`. `student`: its checkpoint, None where the teacher alone acts.
    `share`: of decisions, at random, that the teacher takes. `told`: whether what was seen, and the teacher's label of
    every decision, is returned."""

    params: Params
    workspace: Workspace
    seeds: tuple[int, ...]
    student: Path | None
    share: float
    told: bool
    looks_seed: int
    hardship: Hardship = field(default_factory=Hardship)

    def __str__(self) -> str:
        return f"episodes from the starts {self.seeds[0]} to {self.seeds[-1]}"


@dataclass(frozen=True)
class Turns:
    """N episodes of D decisions. success (N, S) after each control step, healthy (N,). Where asked for: seen
    (N, D, ...) float16 points or uint8 images, proprioception (N, D, 17), chunk (N, D, T, 10), the teacher's, positions
    relative to the tool; student (N, D, T, 10) what the student would have done, None without one."""

    success: NDArray[np.bool_]
    healthy: NDArray[np.bool_]
    seen: NDArray[np.float16] | NDArray[np.uint8] | None
    proprioception: NDArray[np.float32] | None
    chunk: NDArray[np.float32] | None
    student: NDArray[np.float32] | None

    def flat(self) -> dict[str, NDArray[np.generic]]:
        """The samples (N * D, ...) of a learner, of the episodes that could be simulated."""
        fields = {"seen": self.seen, "proprioception": self.proprioception, "chunk": self.chunk}
        return {name: value[self.healthy].reshape(-1, *value.shape[2:]) for name, value in fields.items()
                if value is not None}  # fmt: skip


def concatenate(parts: Sequence[Turns]) -> Turns:
    """Episodes one after the other."""
    joined: dict[str, Any] = {}
    for each in dataclasses.fields(Turns):
        values = [getattr(part, each.name) for part in parts]
        joined[each.name] = None if any(value is None for value in values) else np.concatenate(values)
    return Turns(**joined)


def play(crew: Crew[Job, Turns], job: Job, seeds: NDArray[np.int64]) -> Turns:
    """Episodes as `job` says from the starts `seeds` (N,), shared out among the crew in blocks of BLOCK: any number of
    processes gives the same bytes."""
    blocks = [tuple(int(seed) for seed in seeds[first : first + BLOCK]) for first in range(0, len(seeds), BLOCK)]
    done = dict(crew.map([dataclasses.replace(job, seeds=block) for block in blocks]))
    return concatenate([done[index] for index in range(len(blocks))])


_held: dict[str, tuple[Painter | None, dict[int, Env]]] = {}


def run_job(job: Job) -> Turns:
    """Carry out a job in this process, in one thread; what is costly to make stays for the next one."""
    with torch_threads(1):
        return _run(job)


def _run(job: Job) -> Turns:
    params, seeds = job.params, np.array(job.seeds, dtype=np.int64)
    env, cameras = _stage(job)
    act, on_start = load_policy("expert", params, job.workspace.task, job.workspace, env)
    student = StudentPolicy.load(job.student) if job.student else None
    env.reset(seeds)
    on_start(seeds)
    if cameras:
        cameras.start(seeds)
    turns = _teachers_turns(job, env.episode_steps // env.execute)
    parts: list[tuple[np.ndarray | None, ...]] = []
    successes = []
    for decision in range(turns.shape[1]):
        chunk, part = _decide(job, env, cameras, act, student, turns[:, decision])
        result = cameras.step_chunk(chunk) if cameras else env.step_chunk(chunk)
        successes.append(result.success.numpy())
        parts.append(part)
    healthy = result.healthy.numpy()
    told = [None if values[0] is None else np.stack(values, axis=1) for values in zip(*parts, strict=True)]
    return Turns(np.concatenate(successes, 1) & healthy[:, None], healthy, *told)


def _stage(job: Job) -> tuple[Env, CameraEnv | None]:
    """The environment, and its cameras where anyone looks."""
    params, task, count = job.params, job.workspace.task, len(job.seeds)
    key = f"{task} {params.simulation} {params.vision}"
    painter, envs = _held.get(key, (None, {}))
    if count not in envs:
        simulation = dataclasses.replace(params.simulation, num_threads=1)
        envs[count] = make_env(task, simulation, count, params.prior.execute)
    env = envs[count]
    if job.student is None and not job.told:
        _held[key] = (painter, envs)
        return env, None
    painter = painter or Painter(params.simulation.robot, env.benchmark.add_objects, params.vision)
    _held[key] = (painter, envs)
    return env, CameraEnv(env, params.vision, params.student.sees, job.looks_seed, job.hardship, painter)


def release_stages() -> None:
    """Free the graphics contexts that jobs have left in this process."""
    for painter, _ in _held.values():
        if painter:
            painter.close()
    _held.clear()


def _teachers_turns(job: Job, decisions: int) -> NDArray[np.bool_]:
    """(N, D): whether the teacher acts; each episode's own numbers, whatever it is run beside."""
    drawn = np.stack([generator("turns", job.looks_seed, seed).random(decisions) for seed in job.seeds])
    return drawn < job.share if job.student else np.ones_like(drawn, dtype=bool)


def _decide(job: Job, env: Env, cameras: CameraEnv | None, act: Act, student: StudentPolicy | None,
            teachers: NDArray[np.bool_]) -> tuple[Tensor, tuple[np.ndarray | None, ...]]:  # fmt: skip
    """The next actions (N, execute, 10), and what is told of the decision."""
    execute = env.execute
    asked = job.told or bool(teachers.any())
    labels = act(env.observe())[:, :execute] if asked else None
    if cameras is None or (student is None and not job.told):
        assert labels is not None
        return labels, (None,) * 4
    seen = cameras.see()
    proposed = student.act(seen)[:, :execute] if student else None
    if proposed is None:
        chunk = labels
    elif labels is None:
        chunk = proposed
    else:
        chunk = torch.where(torch.from_numpy(teachers)[:, None, None], labels, proposed)
    assert chunk is not None
    if not job.told or labels is None:
        return chunk, (None,) * 4
    tool = seen.proprioception[:, None, TOOL]
    shown = seen.points if seen.points is not None else seen.images
    assert shown is not None
    kept = shown.numpy().astype(np.float16) if seen.points is not None else shown.numpy()
    return chunk, (kept, seen.proprioception.numpy(), _relative(labels, tool),
                   None if proposed is None else _relative(proposed, tool))  # fmt: skip


def _relative(chunk: Tensor, tool: Tensor) -> NDArray[np.float32]:
    return torch.cat((chunk[..., :3] - tool, chunk[..., 3:]), dim=-1).numpy().astype(np.float32)
