"""The policies that stages run: how each is loaded, started and asked for its next chunk."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from expertgen.env import WORKSPACE, Env
from expertgen.errors import IncompatibleArtifact, MissingInput, require_known
from expertgen.params import Params
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.policies.relative import TOOL_FEATURES
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.policies.steered import SteeredPolicy
from expertgen.programs.recorded import as_script, program_text
from expertgen.rollout import Act
from expertgen.seeds import generator
from expertgen.stages.load_prior import load_prior
from expertgen.workspace import Workspace

OnStart = Callable[[NDArray[np.int64]], None]
# As tables and figures call them, in their order; the keys are the names on the command line.
DISPLAY_NAMES = {"script": "script", "prior": "prior", "zero": "prior, zero noise", "expert": "expert"}
# Matrix kernels round differently for different numbers of rows, and a grasp can hang on the last bit. In blocks
# of one size an episode does not depend on how many others run beside it.
BLOCK = 64


def load_policy(name: str, params: Params, task: str, workspace: Workspace, env: Env) -> tuple[Act, OnStart]:
    """What `rollout.run_episodes` needs to run the policy `name` (script | prior | zero | expert) in `env`.

    Episodes depend on the seed of their start alone: not on the batch, nor on what ran before.
    Raises UnknownName, MissingInput, CorruptArtifact, and IncompatibleArtifact for a prior or an expert that does
    not fit the parameters, or an expert of another prior; for a script what `program_text` raises, and once it is
    started ProgramFailed.
    """
    require_known("policy", name, DISPLAY_NAMES)
    if name == "script":
        program = as_script(program_text(params.script.program, workspace), WORKSPACE)
        script = ScriptedPolicy(env, params.script, params.prior.horizon, program)
        return script.act, script.plan
    prior = load_prior(workspace)
    _require_execute(prior, env, workspace)
    if name == "prior":
        policy = GaussianPolicy(prior, env)
        return policy.act, policy.start
    if name == "zero":
        zeros = torch.zeros(env.num_envs, prior.horizon, prior.action_dim)
        return lambda observation: in_blocks(prior.sample, observation, zeros), _nothing
    expert = load_expert(workspace, prior, env.episode_steps)

    def steered(observation: Tensor, elapsed: Tensor) -> Tensor:
        return expert.act(observation, elapsed.numpy())

    return lambda observation: in_blocks(steered, observation, torch.from_numpy(env.elapsed)), _nothing


def load_expert(workspace: Workspace, prior: DiffusionPrior, episode_steps: int) -> SteeredPolicy:
    """The task's expert on `prior`; `episode_steps` (control steps) is how long its episodes last.

    Raises MissingInput, CorruptArtifact, IncompatibleArtifact (for another prior, too).
    """
    path, remedy = workspace.data("expert"), f"`expertgen steer {workspace.task}`"
    if not path.exists():
        raise MissingInput(
            f"no expert at {path}. Train it with {remedy} (in the same profile), or fetch the released one with "
            f"`dvc pull steer@{workspace.task}`."
        )
    expert = SteeredPolicy.load(path, prior)
    sees_time = expert.episode_steps is not None
    expected = prior.observation_dim + TOOL_FEATURES * len(expert.frames) + sees_time
    if len(expert.normaliser.mean) != expected:
        raise IncompatibleArtifact(
            f"{path} observes {len(expert.normaliser.mean)} numbers, expected {expected}. "
            f"Steer again with {remedy}."
        )
    if sees_time and expert.episode_steps != episode_steps:
        raise IncompatibleArtifact(
            f"{path} was trained on episodes of {expert.episode_steps} control steps, but simulation.episode_steps is "
            f"{episode_steps}. Restore that number, or steer again with {remedy}."
        )
    return expert


class GaussianPolicy:
    """The prior under standard normal noise, drawn for each start's seed and each chunk of its episode."""

    def __init__(self, prior: DiffusionPrior, env: Env) -> None:
        self.prior, self.env = prior, env
        self._seeds: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def start(self, seeds: NDArray[np.int64]) -> None:
        """Episodes begin at the starts that `seeds` (B,) name."""
        self._seeds = np.asarray(seeds).copy()

    def act(self, observation: Tensor) -> Tensor:
        """(B, 53) → (B, horizon, 10)."""
        shape = (self.prior.horizon, self.prior.action_dim)
        noise = start_noise(self._seeds, self.env.elapsed // self.env.execute, shape)
        return in_blocks(self.prior.sample, observation, noise)


def start_noise(seeds: NDArray[np.int64], chunks: NDArray[np.int64], shape: tuple[int, ...]) -> Tensor:
    """Standard normal noise (B, *shape) keyed by the seed of each start (B,) and its chunk index (B,)."""
    drawn = [
        generator("prior noise", int(seed), int(chunk)).standard_normal(shape, dtype=np.float32)
        for seed, chunk in zip(seeds, chunks, strict=True)
    ]
    return torch.from_numpy(np.stack(drawn))


def in_blocks(function: Callable[[Tensor, Tensor], Tensor], first: Tensor, second: Tensor) -> Tensor:
    """`function(first, second)`, row by row independent, computed in blocks of BLOCK rows; the last is padded."""
    results = []
    for begin in range(0, len(first), BLOCK):
        rows = torch.arange(begin, begin + BLOCK).clamp(max=len(first) - 1)
        results.append(function(first[rows], second[rows])[: len(first) - begin])
    return torch.cat(results)


def _nothing(seeds: NDArray[np.int64]) -> None:
    """For policies that keep nothing from one episode to the next."""


def _require_execute(prior: DiffusionPrior, env: Env, workspace: Workspace) -> None:
    if prior.execute != env.execute:
        raise IncompatibleArtifact(
            f"{workspace.data('prior')} executes {prior.execute} actions of a chunk, but prior.execute is "
            f"{env.execute}. Restore that number, or train it again with `expertgen prior {workspace.task}`."
        )
