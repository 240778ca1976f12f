"""The tensors that programs compute with do what PyTorch's do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from expertgen.programs.tensor import Tensor
from expertgen.programs.torch_names import TORCH

VALUES = [[0.5, -1.5, 2.0], [3.25, 0.0, -4.0]]

# `t` is PyTorch or what programs have in its place, x and y are tensors of it, i and m of integers and truth values.
EXPRESSIONS = """
x + 1 | 1 - x | x * y | x / 2 | 2 / (x + 10) | x ** 2 | -x | abs(x) | x + y[0] | x[:, :1] * y | x // 2 | x % 2
x > 0 | x == y | (x > 0) & (y > 0) | ~m | x != 0 | x <= 0.5 | x >= y
x[0] | x[:, 1] | x[..., 0] | x[:, None] | x[1, 2] | x[-1] | x[:, -2:] | x[0:1] | x[:, [2, 0]] | x[m] | x[i] | x[m, 1]
x[x[:, 0] > 1] | x[None] | x[::2] | x[:, 1:1]
x.shape | x.ndim | len(x) | x.numel() | x.size() | x.size(1) | x.dim() | x.tolist() | x[0, 0].item() | float(x[0, 1])
x.reshape(3, 2) | x.reshape(-1) | x.view(1, -1) | x.flatten() | x.unsqueeze(0) | x.unsqueeze(-1) | x[:1].squeeze(0)
x[:, :1].squeeze() | x[:1].expand(4, 3) | x[:, :1].expand(-1, 5) | x[:1].expand_as(x) | x.repeat(2, 2) | x.T
x.transpose(0, 1) | x.permute(1, 0) | x.clone() | x.to(t.float64) | x.to("cpu") | x.long() | m.double()
(x > 0).float() | x.sum()
x.sum(dim=1) | x.sum(0, keepdim=True) | x.mean() | x.mean(dim=-1) | x.min() | x.max(dim=1).values
x.max(dim=1).indices | x.amin(dim=0) | x.amax(dim=(0, 1)) | x.norm(dim=1) | x.norm(dim=-1, keepdim=True)
(x > 0).any() | (x > 0).all(dim=1) | (x > 0).sum() | x.argmax(dim=1) | x.argmin() | x.clamp(-1, 1) | x.clamp(min=0.0)
x.abs() | x.sin() | (x * x).sqrt() | x.round() | x.sign() | x.floor()
t.tensor([1, 2]) | t.tensor([[1.0], [2.0]]) | t.tensor(3.0) | t.tensor([True, False]) | t.tensor([1, 2]) / 2
t.tensor([0.0, 0.0, 0.25], device=x.device).reshape(1, 3) | t.zeros(2, 3) | t.zeros((2, 3)) | t.ones(2) | t.zeros(())
t.full((2, 1), 0.25, device=x.device) | t.zeros_like(x) | t.ones_like(x[:, 0]) | t.full_like(x, 7.0) | t.arange(4)
t.cat([x, y]) | t.cat([x, y], dim=1) | t.cat((x[:, :2], y[:, :1]), dim=-1) | t.stack([x, y]) | t.stack([x, y], dim=1)
t.stack((x[:, 0], y[:, 1]), dim=-1) | t.where(x > 0, x, y) | t.where(m[:, None], x, 0.0) | t.minimum(x, y)
t.maximum(x, t.zeros(3)) | t.max(x, y) | t.min(x) | t.clamp(x, min=0.0) | t.abs(x) | t.sqrt(x * x) | t.cos(x)
t.atan2(x, y) | t.norm(x, dim=1) | t.linalg.norm(x, dim=1) | t.sum(x, dim=0) | t.any(x > 0) | t.all(x > 0) | t.sign(x)
t.logical_and(x > 0, y > 0) | t.isfinite(x / 0.0) | t.linspace(0.0, 1.0, 5) | t.deg2rad(x) | t.arange(0.0, 1.0, 0.25)
"""
CASES = [part.strip() for line in EXPRESSIONS.strip().splitlines() for part in line.split(" | ")]


def plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (Tensor, torch.Tensor)) else value


def names(t: Any) -> dict[str, Any]:
    x = t.tensor(VALUES, dtype=t.float64)
    y = t.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]], dtype=t.float64)
    return {"t": t, "x": x, "y": y, "i": t.tensor([1, 0]), "m": t.tensor([True, False])}


@pytest.mark.parametrize("case", CASES)
def test_an_expression_is_what_it_is_in_pytorch(case: str) -> None:
    with np.errstate(all="ignore"):
        ours, theirs = eval(case, names(TORCH)), eval(case, names(torch))
    if isinstance(theirs, torch.Tensor):
        assert ours.shape == tuple(theirs.shape)
    np.testing.assert_allclose(np.array(plain(ours), dtype=float), np.array(plain(theirs), dtype=float), rtol=1e-6)


@pytest.mark.parametrize(
    "lines",
    [
        "x[:, 2] = 0.25",
        "x[0] += 1.0",
        "z = x[:, 2]; z += 0.1",
        "z = x.reshape(-1); z[0] = 9.0",
        "z = x.clone(); z[0, 0] = 9.0",
        "z = x.T; z[2] = y.T[2]",
        "x[m] = 0.0",
        "x[x < 0] = 0.0",
        "x *= 2; x -= y; x /= 4",
        "x[:, :2] = y[:, 1:]",
        "x[[1, 0]] = y",
        "x[1].fill_(3.0)",
    ],
)
def test_what_changes_a_part_changes_the_whole_as_in_pytorch(lines: str) -> None:
    ours, theirs = names(TORCH), names(torch)
    exec(lines, ours)
    exec(lines, theirs)
    assert ours["x"].tolist() == theirs["x"].tolist()


@pytest.mark.parametrize(
    "case",
    ["x + t.zeros(2)", "x[5]", "x[0, 0, 0]", "bool(x)", "x.item()", "x.reshape(4)", "t.cat([x, x.T])", "x[::-1]",
     "t.tensor([[1.0], [1.0, 2.0]])", "x['a']", "t.stack([x, x.T])", "len(x[0, 0])", "x.expand(3, 3)", "t.tensor('a')"],
)  # fmt: skip
def test_what_pytorch_refuses_is_refused(case: str) -> None:
    for module in (TORCH, torch):
        with pytest.raises((ValueError, IndexError, TypeError, RuntimeError)):
            eval(case, names(module))
