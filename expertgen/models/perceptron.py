"""Fully connected networks whose initial weights come from a given random stream."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils import skip_init


def perceptron(
    inputs: int,
    hidden: Sequence[int],
    outputs: int,
    layer_norm: bool,
    generator: torch.Generator,
    output_scale: float = 1.0,
) -> nn.Sequential:
    """Linear layers with ReLU between them, and with layer normalisation before each ReLU if asked.

    Weights and biases start uniform in +-1/sqrt(fan in), drawn from `generator` alone; `output_scale`
    multiplies those of the last layer.
    """
    layers: list[nn.Module] = []
    for fan_in, width in pairwise((inputs, *hidden)):
        layers.append(_linear(fan_in, width, generator))
        if layer_norm:
            layers.append(nn.LayerNorm(width))
        layers.append(nn.ReLU(inplace=True))
    layers.append(_linear(hidden[-1] if hidden else inputs, outputs, generator, output_scale))
    return nn.Sequential(*layers)


def _linear(fan_in: int, fan_out: int, generator: torch.Generator, scale: float = 1.0) -> nn.Linear:
    # skip_init leaves PyTorch's global random state alone: building a network must not move other streams.
    layer = skip_init(nn.Linear, fan_in, fan_out)
    bound = scale / fan_in**0.5
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.uniform_(-bound, bound, generator=generator)
    return layer
