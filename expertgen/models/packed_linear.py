"""A frozen linear layer with its weight laid out for the CPU's matrix kernels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


class PackedLinear:
    """x (N, I) -> activation(x W^T + b) (N, O), for inference with a weight that no longer changes.

    On a CPU in single precision oneDNN's kernel takes the weight in its own blocked layout, a fifth faster
    than the row-major one, with SiLU applied on the way out. Elsewhere this is functional.linear.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, silu: bool = False) -> None:
        self.weight, self.bias, self.silu = weight.detach().contiguous(), bias, silu
        on_cpu = weight.device.type == "cpu" and weight.dtype == torch.float32
        self.packed = _pack(self.weight) if on_cpu and torch.backends.mkldnn.is_available() else None

    def __call__(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """`bias` (O,) replaces the layer's own."""
        bias = self.bias if bias is None else bias
        if self.packed is None:
            y = functional.linear(x, self.weight, bias)
            return functional.silu(y, inplace=True) if self.silu else y
        return torch.ops.mkldnn._linear_pointwise(
            x, self.packed, bias, "swish" if self.silu else "none", [], ""
        )

    def add_to(self, x: Tensor, base: Tensor) -> Tensor:
        """base + x W^T + b."""
        if self.packed is None:
            return functional.linear(x, self.weight, self.bias).add_(base)
        return torch.ops.mkldnn._linear_pointwise.binary(x, base, self.packed, self.bias, "add")


def _pack(weight: Tensor) -> Tensor:
    # PyTorch's own compiler calls these two operators; they have no public name.
    return torch.ops.mkldnn._reorder_linear_weight(weight)
