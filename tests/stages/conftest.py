"""The whole pipeline in seconds: parameters small enough to run every stage within a test."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from expertgen.data.episodes import finish_store, shard_path, write_shard
from expertgen.models.actor import Actor
from expertgen.models.denoiser import Denoiser
from expertgen.params import Params, as_dict, load_params
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.policies.diffusion_config import PriorConfig
from expertgen.policies.noise_space import NoiseSpace
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.relative import TOOL_FEATURES
from expertgen.policies.steered import SteeredPolicy
from expertgen.stages import demos
from expertgen.workspace import Workspace

TASK = "lift_banana"
SIZES = {
    "simulation": {"num_threads": 1},
    "demos": {"episodes": 10, "shard_episodes": 6, "workers": 1},
    "prior": {
        "width": 32, "blocks": 1, "ddim_steps": 2, "iterations": 40, "batch_size": 32, "warmup": 5,
        "checkpoint_every": 10, "num_threads": 1,
    },
    "preflight": {"starts": 6, "noises": 3, "ddim_steps": [1, 2]},
    "steer": {
        "num_envs": 4, "decisions": 96, "batch_size": 16, "updates": 2, "replay": 64, "warmup_steps": 2,
        "critic_warmup_updates": 2, "evaluate_every": 48, "evaluate_episodes": 4, "checkpoint_every": 48,
        "num_threads": 1,
    },
    "rollouts": {
        "episodes": 3, "shard_episodes": 2, "workers": 1, "cameras": [{"name": "front", "width": 32, "height": 24}],
    },
    "evaluate": {"episodes": 6, "batch": 4, "dtw_episodes": 2, "videos": 0},
    "perturb": {"episodes": 6},
}


@pytest.fixture
def small(tmp_path: Path) -> tuple[Params, Workspace]:
    """Tiny parameters and an empty workspace under tmp_path, where params.yaml holds the same parameters."""
    return _project(tmp_path)


@pytest.fixture(scope="session")
def tiny_student(changed, untrained):
    """tiny_student(folder, **changes of `student`) -> Params, Workspace: a project in `folder` with a prior and an
    expert that were never trained, and a student who is taught in seconds: three rounds of twelve decisions."""

    def make(folder: Path, **student) -> tuple[Params, Workspace]:
        folder.mkdir(exist_ok=True)
        params, workspace = _project(folder)
        vision, taught = params.vision, params.student
        params = changed(params, "simulation", episode_steps=24)
        params = changed(params, "vision", width=32, height=18, cameras=vision.cameras[:2],
                         cloud=dataclasses.replace(vision.cloud, points=16))  # fmt: skip
        params = changed(
            params, "student", feature=16, width=16, blocks=1,
            points=dataclasses.replace(taught.points, channels=(8, 16), train=12),
            images=dataclasses.replace(taught.images, channels=(8, 8), shift=1),
            diffusion=dataclasses.replace(taught.diffusion, train_steps=10, ddim_steps=2, repeats=2), **student,
        )  # fmt: skip
        share = dataclasses.replace(params.distill.share, initial=1.0, final=0.0, begin=0, end=24)
        params = changed(
            params, "distill", samples=36, envs=4, share=share, memory=30, batch_size=8, updates_per_sample=0.25,
            final_updates=12, evaluate_every=12, evaluate_episodes=3, workers=1, num_threads=1,
        )  # fmt: skip
        untrained(params, workspace)
        (folder / "params.yaml").write_text(yaml.safe_dump(as_dict(params)), encoding="utf-8")
        return load_params(folder / "params.yaml"), workspace

    return make


@pytest.fixture(scope="session")
def _demonstrations(tmp_path_factory) -> Path:
    params, workspace = _project(tmp_path_factory.mktemp("demonstrated"))
    demos.run(params, TASK, workspace)
    return workspace.data("demos")


@pytest.fixture
def demonstrated(small, _demonstrations: Path) -> tuple[Params, Workspace]:
    """`small` with its demonstrations."""
    shutil.copytree(_demonstrations, small[1].data("demos"))
    return small


def _project(folder: Path) -> tuple[Params, Workspace]:
    params = load_params(Path(__file__).parents[2] / "params.yaml")
    values = as_dict(params)
    for section, sizes in SIZES.items():
        values[section] |= sizes
    values["steer"]["critic"] |= {"hidden": [32], "atoms": 11}
    values["steer"]["actor"] |= {"hidden": [32]}
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return load_params(path), Workspace(folder, TASK)


@pytest.fixture(scope="session")
def changed():
    """changed(params, "section", key=value, ...) -> Params with those values in that section."""

    def change(params: Params, section: str, **values) -> Params:
        return dataclasses.replace(params, **{section: dataclasses.replace(getattr(params, section), **values)})

    return change


@pytest.fixture(scope="session")
def untrained():
    """untrained(params, workspace): a store of made-up demonstrations, a prior that sways about them, and an expert
    that does as zero noise does but for a little."""

    def write(params: Params, workspace: Workspace) -> None:
        generator = np.random.default_rng(0)
        count, steps = 3, params.simulation.episode_steps
        action = np.cumsum(generator.normal(0, 0.01, (count * steps, 10)), axis=0).astype(np.float32)
        per_step = {"action": action, "observation": generator.normal(size=(count * steps, 53)).astype(np.float32)}
        per_episode = {name: np.array([True, False, True]) for name in ("success_any", "success_end")}
        write_shard(shard_path(workspace.data("demos"), 0), per_step, per_episode, np.arange(1, count + 1) * steps)
        finish_store(workspace.data("demos"), 1, {})
        config = PriorConfig.build(params.prior, 53, 10, None)
        torch.manual_seed(0)
        denoiser, chunk = Denoiser(config.denoiser), torch.ones(config.denoiser.horizon, 10)
        observations, actions = Normaliser(torch.zeros(53), torch.ones(53)), Normaliser(0 * chunk, 0.1 * chunk)
        prior = DiffusionPrior(config, denoiser, observations, actions)
        prior.save(workspace.data("prior"))
        steer, frames = params.steer, (0,) if params.steer.object_features else ()
        dim = 53 + TOOL_FEATURES * len(frames) + steer.time_feature
        space = NoiseSpace(steer.noise, prior.horizon, prior.action_dim)
        actor = Actor(dim, space.dim, steer.actor, torch.Generator().manual_seed(0))
        seen = params.simulation.episode_steps if steer.time_feature else None
        normaliser = Normaliser(torch.zeros(dim), torch.ones(dim))
        expert = SteeredPolicy(prior, actor, steer.actor, normaliser, space, seen, frames)
        expert.save(workspace.data("expert"))

    return write
