"""The MLP denoiser for repeated evaluation at known diffusion steps."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from expertgen.models.mlp_denoiser import MLPDenoiser
from expertgen.models.packed_linear import PackedLinear


class MLPInference:
    """What `MLPDenoiser` computes, with all that does not depend on the chunk made before the loop.

    Of the first layer only the chunk's columns stay in the loop: the condition's product is made once per
    chunk, the step embedding's once per table. LayerNorm's scale and bias are folded into the linear layer
    after it.
    """

    def __init__(self, network: MLPDenoiser) -> None:
        self.shape = (network.horizon, network.action_dim)
        self.width = network.norm.normalized_shape
        self.step_embedding = network.step_embedding
        chunk, condition, self.step_weight = network.input.weight.detach().split(network.parts, dim=1)
        self.chunk = PackedLinear(chunk, None)
        self.condition = PackedLinear(condition, network.input.bias.detach())
        self.blocks = [
            (_after_norm(b.norm, b.first, silu=True), PackedLinear(b.second.weight, b.second.bias.detach()))
            for b in network.blocks
        ]
        self.output = _after_norm(network.norm, network.output)

    def bind(self, condition: Tensor, steps: Tensor) -> Callable[[Tensor, int], Tensor]:
        """Condition (B, C), diffusion steps (K,) -> a function of a noisy chunk and an index into `steps`."""
        per_chunk = self.condition(condition)
        per_step = functional.linear(self.step_embedding(steps), self.step_weight)

        def denoise(noisy_chunk: Tensor, index: int) -> Tensor:
            x = self.chunk(noisy_chunk.flatten(1), per_step[index]).add_(per_chunk)
            for first, second in self.blocks:
                x = second.add_to(first(functional.layer_norm(x, self.width)), x)
            return self.output(functional.layer_norm(x, self.width)).unflatten(1, self.shape)

        return denoise


def _after_norm(norm: nn.LayerNorm, linear: nn.Linear, silu: bool = False) -> PackedLinear:
    with torch.no_grad():
        weight = linear.weight * norm.weight
        return PackedLinear(weight, linear.bias + linear.weight @ norm.bias, silu)
