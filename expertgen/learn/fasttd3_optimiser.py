"""AdamW over a fixed list of parameters, with a state of plain tensors."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Optimiser:
    """Fused AdamW (Loshchilov & Hutter 2019) that computes only the gradients it needs.

    A loss may run through networks that are not to be trained by it: no gradient is computed for
    their weights, and none is left behind.
    """

    def __init__(self, module: nn.Module, learning_rate: float, weight_decay: float) -> None:
        self._parameters, self._learning_rate = list(module.parameters()), learning_rate
        self._adamw = torch.optim.AdamW(
            self._parameters, lr=learning_rate, weight_decay=weight_decay, fused=True
        )

    def scale(self, factor: float) -> None:
        """Learn at `factor` times the initial learning rate from here on; not part of the state."""
        for group in self._adamw.param_groups:
            group["lr"] = factor * self._learning_rate

    def step(self, loss: Tensor) -> None:
        gradients = torch.autograd.grad(loss, self._parameters)
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        self._adamw.step()

    def state(self) -> dict[str, Tensor]:
        """Moments and step counts, named by parameter index; empty before the first step."""
        slots = self._adamw.state_dict()["state"]
        return {f"{index}.{name}": value for index, slot in slots.items() for name, value in slot.items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continue from `state` of an optimiser over parameters of the same shapes."""
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            index, name = key.split(".", 1)
            slots.setdefault(int(index), {})[name] = value
        groups = self._adamw.state_dict()["param_groups"]
        self._adamw.load_state_dict({"state": slots, "param_groups": groups})
