"""Mish from one exponential."""

from __future__ import annotations

import torch

from expertgen.models.unet_inference import mish_


def test_mish_is_accurate_and_finite_everywhere() -> None:
    x = torch.cat((torch.linspace(-120, 120, 4001), torch.tensor([-1e30, 1e30, 0.0])))
    expected = torch.nn.functional.mish(x.double())
    result = mish_(x.clone())
    assert result.isfinite().all()
    torch.testing.assert_close(result.double(), expected, rtol=2e-6, atol=1e-7)
