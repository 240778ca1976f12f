from __future__ import annotations

import pytest
import torch

from expertgen.errors import InvalidParameter
from expertgen.params import NoiseParams
from expertgen.policies.noise_space import NoiseSpace, dct_vectors


def test_dct_vectors_are_orthonormal_and_the_first_is_constant():
    basis = dct_vectors(16, 16)
    torch.testing.assert_close(basis.T @ basis, torch.eye(16), atol=1e-6, rtol=0)
    torch.testing.assert_close(dct_vectors(1, 16), torch.full((16, 1), 0.25))


@pytest.mark.parametrize("vectors", [1, 2, 16])
def test_dct_noise_is_bound_times_the_basis_times_u(vectors):
    space = NoiseSpace(NoiseParams("dct", vectors, 2.0))
    u = torch.rand(5, space.dim, generator=torch.Generator().manual_seed(0)) * 2 - 1
    noise = space.to_noise(u)
    assert space.dim == 10 * vectors and noise.shape == (5, 16, 10)
    coefficients = torch.einsum("tv,bta->bva", dct_vectors(16, 16), noise)
    torch.testing.assert_close(coefficients[:, :vectors].reshape(5, -1), 2 * u, atol=1e-5, rtol=0)
    assert (coefficients[:, vectors:].abs() < 1e-5).all()


def test_full_noise_has_every_element_for_itself():
    space = NoiseSpace(NoiseParams("full", 1, 3.0), horizon=4, action_dim=2)
    u = torch.linspace(-1, 1, 8)[None]
    assert space.dim == 8
    torch.testing.assert_close(space.to_noise(u), 3 * u.view(1, 4, 2))


@pytest.mark.parametrize("basis", ["full", "dct"])
def test_gaussian_actions_are_normal_coordinates_clipped_to_the_bound(basis):
    space = NoiseSpace(NoiseParams(basis, 2, 1.5))
    normals = torch.randn(2000, space.dim, generator=torch.Generator().manual_seed(0))
    u = space.gaussian(normals)
    torch.testing.assert_close(u * 1.5, normals.clamp(-1.5, 1.5))
    assert u.abs().max() == 1


def test_more_vectors_than_steps_are_refused():
    with pytest.raises(InvalidParameter, match="16"):
        NoiseSpace(NoiseParams("dct", 17, 1.0))
