from __future__ import annotations

import math

import pytest
import torch

from expertgen.errors import UnknownName
from expertgen.models.critic_values import Bernoulli, Categorical, Regression, critic_values
from expertgen.params import CriticParams


def slow_projection(probabilities, reward, discount, atoms, v_min, v_max):
    """Bellemare et al. 2017, algorithm 1, atom by atom, with the integer-bin case written out."""
    spacing = (v_max - v_min) / (atoms - 1)
    result = torch.zeros_like(probabilities, dtype=torch.float64)
    for row in range(len(probabilities)):
        for j in range(atoms):
            value = float(reward[row]) + float(discount[row]) * (v_min + j * spacing)
            position = (min(max(value, v_min), v_max) - v_min) / spacing
            low, high = math.floor(position + 1e-9), math.ceil(position - 1e-9)
            p = float(probabilities[row, j])
            if low == high:
                result[row, low] += p
            else:
                result[row, low] += p * (high - position)
                result[row, high] += p * (position - low)
    return result.float()


@pytest.mark.parametrize(("atoms", "v_min", "v_max"), [(101, 0.0, 100.0), (11, -2.0, 3.0), (2, 0.0, 1.0)])
def test_projection_agrees_with_the_slow_reference(atoms, v_min, v_max):
    generator = torch.Generator().manual_seed(0)
    head = Categorical(atoms, v_min, v_max)
    probabilities = torch.rand(64, atoms, generator=generator).softmax(-1)
    # Whole numbers put returns exactly on atoms; large ones are clamped at either end.
    reward = torch.tensor([0.0, 1.0, -200.0, 200.0, 0.37, 0.5, -1.0, 2.0]).repeat(8)
    discount = torch.tensor([0.99] * 16 + [1.0] * 16 + [0.0] * 16 + [0.5] * 16)
    projected = head.project(probabilities, reward, discount)
    expected = slow_projection(probabilities, reward, discount, atoms, v_min, v_max)
    torch.testing.assert_close(projected, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(projected.sum(-1), torch.ones(64), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("reward", "atom"), [(0.0, 0), (3.0, 3), (10.0, 10), (99.0, 10), (-5.0, 0)])
def test_a_terminal_reward_on_an_atom_keeps_all_its_mass_there(reward, atom):
    head = Categorical(11, 0.0, 10.0)
    projected = head.project(torch.full((1, 11), 1 / 11), torch.tensor([reward]), torch.zeros(1))
    torch.testing.assert_close(projected[0], torch.eye(11)[atom])


def two_critics(head: Categorical) -> torch.Tensor:
    """Outputs (2, 2, atoms): critic 0 is lower in the first sample, critic 1 in the second."""
    low, high = torch.zeros(head.outputs), torch.zeros(head.outputs)
    low[1], high[-2] = 50.0, 50.0
    return torch.stack((torch.stack((low, high)), torch.stack((high, low))))


def test_clipped_double_q_takes_the_whole_distribution_of_the_lower_critic():
    head = Categorical(11, 0.0, 10.0)
    target = head.target(two_critics(head), torch.zeros(2), torch.ones(2), clipped=True)
    torch.testing.assert_close(target, torch.eye(11)[[1, 1]])


def test_without_clipping_each_critic_keeps_its_own_target():
    head = Categorical(11, 0.0, 10.0)
    target = head.target(two_critics(head), torch.zeros(2), torch.ones(2), clipped=False)
    torch.testing.assert_close(target, torch.eye(11)[torch.tensor([[1, 9], [9, 1]])])


@pytest.mark.parametrize("head", [Bernoulli(), Regression()])
def test_scalar_targets_use_the_minimum_only_when_clipped(head):
    outputs = torch.tensor([[[0.2]], [[0.6]]])
    reward, discount = torch.tensor([0.1]), torch.tensor([0.5])
    values = head.values(outputs)
    clipped = head.target(outputs, reward, discount, clipped=True)
    torch.testing.assert_close(clipped, (0.1 + 0.5 * values.min()).expand(2, 1))
    torch.testing.assert_close(head.target(outputs, reward, discount, clipped=False), 0.1 + 0.5 * values)


def test_two_atom_targets_are_clamped_to_probabilities():
    outputs = torch.full((2, 2, 1), 5.0)
    target = Bernoulli().target(outputs, torch.tensor([1.0, -1.0]), torch.tensor([0.9, 0.5]), clipped=True)
    torch.testing.assert_close(target, torch.tensor([[1.0, 0.0], [1.0, 0.0]]))


@pytest.mark.parametrize("head", [Categorical(21, 0.0, 1.0), Bernoulli(), Regression()])
def test_descending_the_loss_moves_values_to_the_target(head):
    outputs = torch.zeros(2, 1, head.outputs, requires_grad=True)
    target = head.target(torch.zeros(2, 1, head.outputs), torch.tensor([0.8]), torch.zeros(1), clipped=True)
    optimiser = torch.optim.Adam([outputs], lr=0.1)
    for _ in range(300):
        optimiser.zero_grad()
        head.loss(outputs, target).backward()
        optimiser.step()
    torch.testing.assert_close(head.values(outputs.detach()), torch.full((2, 1), 0.8), atol=0.01, rtol=0)


def test_an_unknown_loss_is_refused():
    with pytest.raises(UnknownName, match="c51"):
        critic_values(CriticParams("noise", (8,), True, "c52", 11, 0.0, 1.0, 1e-3))
