"""The diffusion prior: sampling against diffusers' own loop, decoding, saving and loading."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from expertgen.data.checkpoints import load_checkpoint, save_checkpoint
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.models.denoiser import Denoiser, DenoiserConfig
from expertgen.policies.diffusion import DiffusionPrior
from expertgen.policies.diffusion_config import PriorConfig
from expertgen.policies.diffusion_schedule import ddim_scheduler
from expertgen.policies.normaliser import Normaliser

BATCH = 3


def make_prior(
    network: str = "mlp", prediction: str = "sample", dtype: torch.dtype = torch.float32, **changes
) -> DiffusionPrior:
    shape = DenoiserConfig(
        network=network, horizon=16, action_dim=10, observation_dim=53, tasks=8, step_embedding=16,
        task_embedding=16, channels=(16, 32), kernel_size=5, groups=8, width=64, blocks=3,
    )  # fmt: skip
    config = PriorConfig(
        shape, prediction=prediction, train_diffusion_steps=100, ddim_steps=4, execute=8,
        relative_position=True, observation_clip=5.0, clip=3.0 if prediction == "epsilon" else None, task=2,
    )  # fmt: skip
    torch.manual_seed(0)
    denoiser = Denoiser(shape).to(dtype)
    actions = torch.randn(50, 16, 10, dtype=dtype) * 0.1 + 0.3
    observations = torch.randn(50, 53, dtype=dtype)
    observations[:, 20:] = 0.0
    return DiffusionPrior(
        dataclasses.replace(config, **changes),
        denoiser,
        Normaliser.fit(observations, 5.0),
        Normaliser.fit(actions),
    )


def inputs(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    shapes = ((BATCH, 53), (BATCH, 16, 10))
    observation, noise = (torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes)
    return observation, noise


def plain_loop(prior: DiffusionPrior, observation: Tensor, noise: Tensor, steps: int) -> Tensor:
    """The prior as diffusers' documentation would have it written."""
    scheduler = ddim_scheduler(prior.config.train_diffusion_steps, prior.config.prediction, prior.config.clip)
    scheduler.set_timesteps(steps)
    condition = prior.denoiser.condition(
        prior.observation_normaliser.normalise(observation), torch.tensor([2])
    )
    x = noise
    for step in scheduler.timesteps[scheduler.timesteps >= 0]:
        predicted = prior.denoiser(x, step.expand(len(x)), condition)
        x = scheduler.step(predicted, step, x, eta=0.0, use_clipped_model_output=True).prev_sample
    chunk = prior.action_normaliser.denormalise(x)
    chunk[..., :3] += observation[:, None, (3, 7, 11)]
    return chunk


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 8, 16, 29, 50, 100])
@pytest.mark.parametrize("prediction", ["sample", "epsilon"])
@pytest.mark.parametrize("network", ["mlp", "unet"])
def test_sample_equals_diffusers_own_loop(network: str, prediction: str, steps: int) -> None:
    # In double precision: diffusers turns rounding of 1e-7 into 1e-4 where it divides by sqrt(alpha-bar).
    prior = make_prior(network, prediction, torch.float64)
    observation, noise = inputs(torch.float64)
    expected = plain_loop(prior, observation, noise, steps)
    torch.testing.assert_close(prior.sample(observation, noise, steps), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("network", ["mlp", "unet"])
def test_single_precision_equals_diffusers_too(network: str, steps: int) -> None:
    prior = make_prior(network)
    observation, noise = inputs()
    expected = plain_loop(prior, observation, noise, steps)
    torch.testing.assert_close(prior.sample(observation, noise, steps), expected, rtol=1e-5, atol=1e-5)


def test_denoising_starts_at_the_noise_itself() -> None:
    scheduler = ddim_scheduler(100, "sample", None)
    for steps in (1, 2, 4, 8, 16):
        scheduler.set_timesteps(steps)
        assert scheduler.timesteps[0] == 99
    assert scheduler.alphas_cumprod[99] < 1e-6


def test_default_steps_determinism_and_untouched_arguments() -> None:
    prior = make_prior()
    observation, noise = inputs()
    kept = observation.clone(), noise.clone()
    first = prior.sample(observation, noise)
    assert torch.equal(first, prior.sample(observation, noise, 4))
    assert not torch.equal(first, prior.sample(observation, noise, 3))
    assert torch.equal(observation, kept[0]) and torch.equal(noise, kept[1])
    assert first.shape == (BATCH, 16, 10) and (prior.horizon, prior.action_dim, prior.execute) == (16, 10, 8)


def test_actions_can_enter_a_learners_graph() -> None:
    weight = torch.ones(10, requires_grad=True)
    observation, noise = inputs()
    (make_prior().sample(observation, noise.requires_grad_()) * weight).sum().backward()
    assert weight.grad is not None and noise.grad is None


def test_positions_are_relative_to_the_end_effector_and_only_they() -> None:
    observation, noise = inputs()
    relative = make_prior().sample(observation, noise)
    absolute = make_prior(relative_position=False).sample(observation, noise)
    offset = torch.zeros(BATCH, 1, 10)
    offset[:, 0, :3] = observation[:, [3, 7, 11]]
    torch.testing.assert_close(relative - absolute, offset.expand_as(relative))


def test_noise_observation_and_task_each_matter() -> None:
    observation, noise = inputs()
    reference = make_prior().sample(observation, noise)
    moved = observation.clone()
    moved[:, 16] += 1.0  # a joint: no part of the decoding
    for other in (
        make_prior().sample(observation, -noise),
        make_prior().sample(moved, noise),
        make_prior(task=3).sample(observation, noise),
    ):
        assert (other - reference).abs().amax() > 1e-5


@pytest.mark.parametrize("steps", [0, -1, 101])
def test_impossible_step_count_is_refused(steps: int) -> None:
    with pytest.raises(InvalidParameter, match="100"):
        make_prior().sample(*inputs(), steps)


@pytest.mark.parametrize("network", ["mlp", "unet"])
def test_loaded_prior_is_the_saved_one(network: str, tmp_path: Path) -> None:
    prior = make_prior(network, "epsilon")
    prior.save(tmp_path / "prior")
    loaded = DiffusionPrior.load(tmp_path / "prior")
    assert loaded.config == prior.config
    assert loaded.fingerprint() == prior.fingerprint()
    assert torch.equal(loaded.sample(*inputs()), prior.sample(*inputs()))


def test_fingerprint_tells_priors_apart() -> None:
    other = make_prior()
    other.denoiser.task_embedding.layers[0].bias.data[0] += 1e-6
    fingerprints = {p.fingerprint() for p in (make_prior(), make_prior(), other, make_prior(ddim_steps=5))}
    assert len(fingerprints) == 3


def test_checkpoint_of_another_shape_names_it(tmp_path: Path) -> None:
    make_prior().save(tmp_path / "prior")
    tensors, meta = load_checkpoint(tmp_path / "prior")
    meta["config"]["denoiser"]["width"] = 32
    save_checkpoint(tmp_path / "prior", tensors, meta)
    with pytest.raises(IncompatibleArtifact, match=r"denoiser\.network.*64"):
        DiffusionPrior.load(tmp_path / "prior")


def test_other_bad_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(MissingInput):
        DiffusionPrior.load(tmp_path / "none")
    save_checkpoint(tmp_path / "other", {"x": torch.zeros(1)}, {"kind": "expert"})
    with pytest.raises(IncompatibleArtifact, match="expert"):
        DiffusionPrior.load(tmp_path / "other")
    save_checkpoint(
        tmp_path / "old", {"x": torch.zeros(1)}, {"kind": "diffusion_prior", "config": {"width": 3}}
    )
    with pytest.raises(IncompatibleArtifact, match="version"):
        DiffusionPrior.load(tmp_path / "old")
    make_prior().save(tmp_path / "prior")
    data = bytearray((tmp_path / "prior/tensors.safetensors").read_bytes())
    data[-1] ^= 1
    (tmp_path / "prior/tensors.safetensors").write_bytes(data)
    with pytest.raises(CorruptArtifact):
        DiffusionPrior.load(tmp_path / "prior")


@pytest.mark.parametrize("network", ["mlp", "unet"])
@pytest.mark.parametrize("prediction", ["sample", "epsilon"])
def test_the_differentiable_sampler_agrees_and_has_the_true_gradient(network: str, prediction: str) -> None:
    prior = make_prior(network, prediction, torch.float64)
    observation, noise = inputs(torch.float64)
    noise.requires_grad_(True)
    chunk = prior.sample_differentiable(observation, noise, 2)
    torch.testing.assert_close(chunk.detach(), prior.sample(observation, noise.detach(), 2), atol=1e-5, rtol=1e-5)
    direction = torch.randn_like(noise)
    (slope,) = torch.autograd.grad(chunk.sum(), noise)
    step = 1e-6 * direction
    with torch.no_grad():
        up, down = (prior.sample_differentiable(observation, noise + sign * step, 2).sum() for sign in (1, -1))
    torch.testing.assert_close((slope * direction).sum(), (up - down) / 2e-6, rtol=1e-3, atol=1e-3)
    assert all(parameter.grad is None for parameter in prior.denoiser.parameters())
