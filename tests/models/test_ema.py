"""The moving average of weights."""

from __future__ import annotations

import pytest
import torch

from expertgen.models.ema import EMA


def filled(value: float) -> torch.nn.Linear:
    module = torch.nn.Linear(3, 2)
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, value)
    return module


def test_first_update_copies_and_later_ones_follow_the_decay() -> None:
    ema = EMA(filled(5.0), power=0.75, maximum=0.999)
    ema.update(filled(1.0))
    assert torch.equal(ema.module.weight, filled(1.0).weight)
    ema.update(filled(2.0))
    decay = 1 - 2**-0.75
    torch.testing.assert_close(ema.module.bias, torch.full((2,), decay + (1 - decay) * 2.0))


def test_decay_rises_to_its_maximum() -> None:
    ema = EMA(filled(0.0), power=0.75, maximum=0.9)
    decays = []
    for _ in range(50):
        decays.append(ema.decay)
        ema.update(filled(1.0))
    assert decays == sorted(decays) and decays[0] == 0 and decays[-1] == 0.9


def test_counter_survives_a_resume() -> None:
    ema, resumed = (EMA(filled(0.0), power=0.75, maximum=0.999) for _ in range(2))
    for value in (1.0, 2.0, 3.0):
        ema.update(filled(value))
    resumed.load_state_dict(ema.state_dict(), ema.updates)
    for average in (ema, resumed):
        average.update(filled(10.0))
    assert torch.equal(ema.module.weight, resumed.module.weight)


def test_average_is_apart_from_the_module_and_takes_no_gradient() -> None:
    module = filled(1.0)
    ema = EMA(module, power=0.75, maximum=0.999)
    torch.nn.init.zeros_(module.weight)
    assert ema.module.weight.sum() == pytest.approx(6.0)
    assert not any(parameter.requires_grad for parameter in ema.module.parameters())
