"""Standardisation."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from expertgen.policies.normaliser import Normaliser

DATA = arrays.arrays(
    np.float32, st.tuples(st.integers(2, 20), st.integers(1, 4)), elements=st.floats(-100, 100, width=32)
)


@settings(max_examples=60, deadline=None)
@given(DATA)
def test_denormalise_inverts_normalise(data: np.ndarray) -> None:
    x = torch.from_numpy(data)
    normaliser = Normaliser.fit(x)
    torch.testing.assert_close(normaliser.denormalise(normaliser.normalise(x)), x, rtol=1e-4, atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(DATA)
def test_normalised_data_is_standard_or_constant(data: np.ndarray) -> None:
    x = torch.from_numpy(data)
    y = Normaliser.fit(x).normalise(x).double()
    assert y.isfinite().all()
    for column, values in zip(y.T, data.T.astype(np.float64), strict=True):
        if values.std() > 0.1:
            assert abs(column.mean()) < 1e-2 and abs(column.std(correction=0) - 1) < 1e-2


def test_constant_columns_are_centred_and_not_scaled() -> None:
    x = torch.tensor([[1.0, 0.0, 5.0], [1.0, 1.0, 5.00005], [1.0, 2.0, 5.0]])
    normaliser = Normaliser.fit(x)
    assert normaliser.scale[0] == 1 and normaliser.scale[2] == 1
    assert torch.equal(normaliser.normalise(x)[:, 0], torch.zeros(3))
    torch.testing.assert_close(
        normaliser.normalise(torch.tensor([[1.25, 1.0, 5.0]]))[0, 0], torch.tensor(0.25)
    )


def test_statistics_are_per_time_step_and_dimension() -> None:
    x = (
        torch.randn(500, 4, 2, generator=torch.Generator().manual_seed(0))
        * torch.arange(1.0, 9.0).reshape(4, 2)
        + 7
    )
    normaliser = Normaliser.fit(x)
    assert normaliser.mean.shape == normaliser.scale.shape == (4, 2)
    torch.testing.assert_close(normaliser.normalise(x).std(0, correction=0), torch.ones(4, 2))


def test_values_far_from_the_data_are_clamped() -> None:
    normaliser = Normaliser.fit(torch.tensor([[-1.0], [1.0]]), clip=5.0)
    assert normaliser.normalise(torch.tensor([[100.0], [-100.0], [2.0]])).flatten().tolist() == [
        5.0,
        -5.0,
        2.0,
    ]
