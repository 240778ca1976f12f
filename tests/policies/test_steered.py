from __future__ import annotations

import numpy as np
import pytest
import torch

from expertgen.data.checkpoints import load_checkpoint, save_checkpoint
from expertgen.errors import CorruptArtifact, IncompatibleArtifact
from expertgen.models.actor import Actor
from expertgen.params import ActorParams, NoiseParams
from expertgen.policies.noise_space import NoiseSpace
from expertgen.policies.normaliser import Normaliser
from expertgen.policies.steered import SteeredPolicy, with_time

ACTOR = ActorParams((32, 32), True, 1e-3, 2, 0.0, 0.0)


class Identity:
    """A prior whose actions are its noise."""

    horizon, action_dim = 16, 10

    def __init__(self, name: str = "a") -> None:
        self._name = name

    def sample(self, observation, noise, steps=None):
        return noise

    def fingerprint(self):
        return self._name * 64


def make(time: bool = True) -> SteeredPolicy:
    generator = torch.Generator().manual_seed(0)
    dim = 53 + time
    actor = Actor(dim, 20, ACTOR, generator)
    with torch.no_grad():
        actor.network[-1].weight.mul_(100)  # well away from zero noise
    mean, scale = torch.randn(dim, generator=generator), torch.rand(dim, generator=generator) + 0.1
    normaliser = Normaliser(mean, scale, clip=2.0)
    space = NoiseSpace(NoiseParams("dct", 2, 2.0))
    return SteeredPolicy(Identity(), actor, ACTOR, normaliser, space, 64 if time else None)


OBSERVATION = torch.randn(5, 53, generator=torch.Generator().manual_seed(1))
ELAPSED = np.array([0, 8, 16, 32, 64])


def test_acting_is_deterministic_and_gives_whole_chunks():
    policy = make()
    chunk = policy.act(OBSERVATION, ELAPSED)
    policy.reset(np.ones(5, dtype=bool))
    assert chunk.shape == (5, 16, 10) and not chunk.requires_grad
    assert torch.equal(chunk, policy.act(OBSERVATION, ELAPSED))
    assert chunk.abs().max() > 0.1


def test_the_time_feature_is_seen_only_where_trained_with():
    late = np.full(5, 56)
    assert not torch.equal(make().act(OBSERVATION, ELAPSED), make().act(OBSERVATION, late))
    assert torch.equal(make(time=False).act(OBSERVATION, ELAPSED), make(time=False).act(OBSERVATION, late))
    assert with_time(OBSERVATION, ELAPSED, 64)[:, -1].tolist() == [-1.0, -0.75, -0.5, 0.0, 1.0]


@pytest.mark.parametrize("time", [True, False])
def test_a_saved_policy_comes_back_the_same(tmp_path, time):
    policy = make(time)
    policy.save(tmp_path / "expert", {"task": "lift_banana"})
    loaded = SteeredPolicy.load(tmp_path / "expert", Identity())
    assert torch.equal(loaded.act(OBSERVATION, ELAPSED), policy.act(OBSERVATION, ELAPSED))
    assert load_checkpoint(tmp_path / "expert")[1]["provenance"] == {"task": "lift_banana"}


def test_another_prior_is_refused(tmp_path):
    make().save(tmp_path / "expert")
    with pytest.raises(IncompatibleArtifact, match="prior"):
        SteeredPolicy.load(tmp_path / "expert", Identity("b"))


def test_another_kind_of_checkpoint_is_refused(tmp_path):
    save_checkpoint(tmp_path / "other", {"x": torch.zeros(1)}, {"kind": "diffusion_prior"})
    with pytest.raises(IncompatibleArtifact, match="steered-policy"):
        SteeredPolicy.load(tmp_path / "other", Identity())


def test_weights_that_do_not_fit_their_parameters_are_refused(tmp_path):
    make().save(tmp_path / "expert")
    tensors, meta = load_checkpoint(tmp_path / "expert")
    tensors["actor.network.0.weight"] = tensors["actor.network.0.weight"][:-1]
    save_checkpoint(tmp_path / "expert", tensors, meta)
    with pytest.raises(IncompatibleArtifact, match=r"network\.0\.weight"):
        SteeredPolicy.load(tmp_path / "expert", Identity())


def test_a_flipped_bit_is_noticed(tmp_path):
    make().save(tmp_path / "expert")
    file = tmp_path / "expert" / "tensors.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(CorruptArtifact):
        SteeredPolicy.load(tmp_path / "expert", Identity())
