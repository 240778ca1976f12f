"""Loading policies: what they depend on, and what is refused."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pytest
import torch

from expertgen.cli.parser import POLICIES
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput, UnknownName
from expertgen.make_env import make_env
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.rollout import run_episodes
from expertgen.stages.policies import BLOCK, DISPLAY_NAMES, in_blocks, load_policy, start_noise

TASK = "lift_banana"


@pytest.fixture
def ready(small, changed, untrained):
    """Small parameters with episodes of two chunks, and untrained checkpoints."""
    params, workspace = small
    params = changed(params, "simulation", episode_steps=16)
    untrained(params, workspace)
    return params, workspace


def episodes_of(name, params, workspace, seeds):
    env = make_env(TASK, params.simulation, len(seeds), params.prior.execute)
    act, on_start = load_policy(name, params, TASK, workspace, env)
    return run_episodes(env, act, np.array(seeds), on_start)


def test_every_policy_of_the_command_line_has_a_name_in_figures() -> None:
    assert tuple(DISPLAY_NAMES) == POLICIES


@pytest.mark.parametrize("name", DISPLAY_NAMES)
def test_an_episode_is_fixed_by_its_start_whatever_runs_beside_it(ready, name) -> None:
    together = episodes_of(name, *ready, [20000, 20001, 20002, 20003, 20004])
    for rows in ([3], [3, 0]):
        apart = episodes_of(name, *ready, [20000 + row for row in rows])
        for field in ("action", "joints", "objects", "success"):
            assert np.array_equal(getattr(apart, field), getattr(together, field)[rows])


def test_policies_differ_as_their_noise_does(ready) -> None:
    actions = {name: episodes_of(name, *ready, [20000, 20001]).action for name in DISPLAY_NAMES}
    names = list(actions)
    for i, name in enumerate(names):
        assert all(not np.allclose(actions[name], actions[other]) for other in names[i + 1 :])


def test_noise_is_keyed_by_start_and_chunk() -> None:
    noise = start_noise(np.array([5, 6, 5, 5]), np.array([0, 0, 1, 0]), (16, 10))
    assert noise.shape == (4, 16, 10) and noise.dtype == torch.float32
    assert torch.equal(noise[0], noise[3])
    assert not torch.equal(noise[0], noise[1]) and not torch.equal(noise[0], noise[2])
    many = start_noise(np.arange(500), np.zeros(500, dtype=np.int64), (16, 10))
    assert abs(float(many.mean())) < 0.02 and abs(float(many.std()) - 1) < 0.02


@pytest.mark.parametrize("network", ["mlp", "unet"])
def test_blocks_make_rows_independent_of_their_number(ready, changed, untrained, network) -> None:
    params, workspace = ready
    untrained(changed(params, "prior", network=network, width=128, channels=(32, 64)), workspace)
    prior = DiffusionPrior.load(workspace.data("prior"))
    generator = torch.Generator().manual_seed(0)
    observation, noise = (torch.randn(BLOCK + 7, *shape, generator=generator) for shape in ((53,), (16, 10)))
    whole = in_blocks(prior.sample, observation, noise)
    assert whole.shape == noise.shape
    assert torch.allclose(whole, prior.sample(observation, noise), atol=1e-4)
    for rows in (slice(0, 1), slice(3, 20), slice(BLOCK - 2, None)):
        assert torch.equal(in_blocks(prior.sample, observation[rows], noise[rows]), whole[rows])


def test_what_is_missing_names_the_command_that_makes_it(ready) -> None:
    params, workspace = ready
    shutil.rmtree(workspace.data("expert"))
    with pytest.raises(MissingInput, match=r"expertgen steer lift_banana.*dvc pull"):
        episodes_of("expert", params, workspace, [1])
    shutil.rmtree(workspace.data("prior"))
    for name in ("prior", "zero", "expert"):
        with pytest.raises(MissingInput, match=r"expertgen prior lift_banana.*dvc pull"):
            episodes_of(name, params, workspace, [1])
    episodes_of("script", params, workspace, [1])


def test_an_expert_of_another_prior_is_refused(ready, changed, untrained) -> None:
    params, workspace = ready
    shutil.copytree(workspace.data("expert"), workspace.root / "kept")
    untrained(changed(params, "prior", width=48), workspace)
    shutil.rmtree(workspace.data("expert"))
    (workspace.root / "kept").rename(workspace.data("expert"))
    with pytest.raises(IncompatibleArtifact, match="steers the prior"):
        episodes_of("expert", params, workspace, [1])


def test_checkpoints_that_do_not_fit_are_refused(ready, changed, untrained) -> None:
    params, workspace = ready
    with pytest.raises(IncompatibleArtifact, match=r"executes 8 actions.*prior\.execute is 4"):
        episodes_of("zero", changed(params, "prior", execute=4), workspace, [1])
    with pytest.raises(IncompatibleArtifact, match=r"16 control steps.*simulation\.episode_steps is 24"):
        episodes_of("expert", changed(params, "simulation", episode_steps=24), workspace, [1])
    with pytest.raises(UnknownName, match="Did you mean expert"):
        episodes_of("expret", params, workspace, [1])
    narrow = dataclasses.replace(DiffusionPrior.load(workspace.data("prior")).config.denoiser, observation_dim=20)
    prior = DiffusionPrior.load(workspace.data("prior"))
    denoiser = type(prior.denoiser)(narrow)
    zeros = type(prior.observation_normaliser)(torch.zeros(20), torch.ones(20))
    config = dataclasses.replace(prior.config, denoiser=narrow)
    DiffusionPrior(config, denoiser, zeros, prior.action_normaliser).save(workspace.data("prior"))
    with pytest.raises(IncompatibleArtifact, match="20 observed numbers to actions of 10; expected 53 and 10"):
        episodes_of("zero", params, workspace, [1])


@pytest.mark.parametrize("name", ["prior", "expert"])
def test_a_flipped_bit_is_noticed(ready, name) -> None:
    params, workspace = ready
    path = workspace.data(name) / "tensors.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptArtifact, match=f"{name} is damaged"):
        episodes_of("expert", params, workspace, [1])
