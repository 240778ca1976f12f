"""Students' networks: shapes, what they depend on, and their description."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import pytest
import torch

from expertgen.models.image_encoder import ImageEncoder
from expertgen.models.point_encoder import PointEncoder
from expertgen.models.student_network import StudentConfig, StudentNetwork

CONFIG = StudentConfig(
    sees="points", head="regression", channels=(8, 16), feature=12, width=16, blocks=1, proprioception=17, horizon=4,
    action_dim=10, cameras=2, image_height=18, image_width=32, train_steps=20, ddim_steps=4,
)  # fmt: skip


def seen(sees: str, batch: int, points: int = 24) -> torch.Tensor:
    generator = torch.Generator().manual_seed(batch)
    if sees == "points":
        return torch.rand(batch, points, 3, generator=generator)
    return torch.randint(0, 256, (batch, 2, 18, 32, 3), generator=generator, dtype=torch.uint8)


def network(**changes) -> StudentNetwork:
    torch.manual_seed(0)
    return StudentNetwork(replace(CONFIG, **changes)).eval()


@pytest.mark.parametrize("sees, head, batch", list(product(("points", "images"), ("regression", "diffusion"), (1, 5))))
def test_shapes(sees: str, head: str, batch: int) -> None:
    student = network(sees=sees, head=head)
    condition = student.condition(seen(sees, batch), torch.zeros(batch, 3), torch.zeros(batch, 17))
    assert condition.shape == (batch, CONFIG.feature + 17)
    if head == "regression":
        chunk = student.head(condition)
    else:
        chunk = student.head(torch.zeros(batch, 4, 10), torch.zeros(batch, dtype=torch.long), condition)
    assert chunk.shape == (batch, 4, 10) and chunk.isfinite().all()


@pytest.mark.parametrize("sees, head", list(product(("points", "images"), ("regression", "diffusion"))))
def test_the_description_survives_json_and_makes_the_same_shapes(sees: str, head: str) -> None:
    config = replace(CONFIG, sees=sees, head=head)
    again = StudentConfig.from_dict(json.loads(json.dumps(config.as_dict())))
    assert again == config
    shapes = [{n: v.shape for n, v in StudentNetwork(c).state_dict().items()} for c in (config, again)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("sees, head", list(product(("points", "images"), ("regression", "diffusion"))))
def test_every_weight_is_learnt(sees: str, head: str) -> None:
    student = network(sees=sees, head=head).train()
    condition = student.condition(seen(sees, 6), torch.rand(6, 3), torch.randn(6, 17))
    told = (condition,) if head == "regression" else (torch.randn(6, 4, 10), torch.arange(6), condition)
    student.head(*told).square().sum().backward()
    assert [n for n, p in student.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_points_have_no_order_and_any_number() -> None:
    encoder = PointEncoder((8, 16), 12).eval()
    points, tool = seen("points", 3), torch.rand(3, 3)
    expected = encoder(points, tool)
    shuffled = points[:, torch.randperm(24, generator=torch.Generator().manual_seed(0))]
    torch.testing.assert_close(encoder(shuffled, tool), expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(encoder(torch.cat((points, points[:, :7]), 1), tool), expected, rtol=0, atol=1e-6)
    assert encoder(points[:, :1], tool).shape == expected.shape


def test_points_are_told_from_the_tool_as_well() -> None:
    encoder = PointEncoder((8, 16), 12).eval()
    points = seen("points", 3)
    assert not torch.allclose(encoder(points, torch.zeros(3, 3)), encoder(points, torch.full((3, 3), 0.1)))


def test_cameras_are_told_apart_and_so_are_places_in_an_image() -> None:
    encoder = ImageEncoder((8, 8), 12, 2, 18, 32).eval()
    images = seen("images", 3)
    assert not torch.allclose(encoder(images), encoder(images.flip(1)))
    assert not torch.allclose(encoder(images), encoder(images.flip(3)))


@pytest.mark.parametrize("height, width, channels", [(16, 16, (8,)), (17, 33, (8, 16)), (30, 16, (8, 8, 8))])
def test_images_of_any_size_that_parameters_allow(height: int, width: int, channels: tuple[int, ...]) -> None:
    encoder = ImageEncoder(channels, 12, 1, height, width)
    assert encoder(torch.zeros(2, 1, height, width, 3, dtype=torch.uint8)).shape == (2, 12)
