"""Both denoisers: shapes, conditioning, and the sampler's form of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from expertgen.errors import InvalidParameter
from expertgen.models.denoiser import Denoiser, DenoiserConfig, inference_network

MLP = DenoiserConfig(
    network="mlp", horizon=16, action_dim=10, observation_dim=53, tasks=8, step_embedding=16,
    task_embedding=16, channels=(16, 32), kernel_size=5, groups=8, width=64, blocks=3,
)  # fmt: skip
CONFIGS = {
    "mlp": MLP,
    "unet": replace(MLP, network="unet"),
    "deep unet": replace(MLP, network="unet", channels=(8, 16, 32)),
}


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS.keys())
def denoiser(request: pytest.FixtureRequest) -> Denoiser:
    torch.manual_seed(0)
    return Denoiser(request.param).eval()


def arguments(batch: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    chunk, observation = (torch.randn(batch, *s, generator=generator) for s in ((16, 10), (53,)))
    return chunk, torch.arange(batch) * 20, observation, torch.arange(batch) % 8


def test_output_has_the_chunks_shape(denoiser: Denoiser) -> None:
    chunk, step, observation, task = arguments()
    assert denoiser(chunk, step, denoiser.condition(observation, task)).shape == chunk.shape


@pytest.mark.parametrize("changed", ["chunk", "step", "observation", "task"])
def test_every_input_changes_the_prediction_of_its_own_row_only(denoiser: Denoiser, changed: str) -> None:
    chunk, step, observation, task = arguments()
    before = denoiser(chunk, step, denoiser.condition(observation, task))
    values = {"chunk": chunk, "step": step, "observation": observation, "task": task}
    values[changed][2] = values[changed][2] + (1 if changed != "task" else 3)
    after = denoiser(chunk, step, denoiser.condition(observation, task))
    difference = (after - before).flatten(1).abs().amax(1)
    assert difference[2] > 1e-4
    assert difference[[0, 1, 3, 4]].max() < 1e-5


def test_film_conditions_every_residual_block() -> None:
    denoiser = Denoiser(CONFIGS["unet"]).eval()
    chunk, step, observation, task = arguments()
    other = denoiser.condition(observation.flip(0), task)
    films = [module.film.linear for module in denoiser.modules() if hasattr(module, "film")]
    assert len(films) == 8
    for film in films:  # silence all, and the condition is not heard any more
        torch.nn.init.zeros_(film.weight)
    same = denoiser(chunk, step, denoiser.condition(observation, task))
    assert torch.equal(same, denoiser(chunk, step, other))
    torch.nn.init.normal_(films[-1].weight)
    assert not torch.allclose(
        denoiser(chunk, step, denoiser.condition(observation, task)), denoiser(chunk, step, other)
    )


def test_paper_sized_unet_has_the_papers_layout() -> None:
    unet = Denoiser(replace(MLP, network="unet", channels=(128, 256))).network
    seen: list[tuple[int, ...]] = []
    for module in unet.modules():
        if isinstance(module, torch.nn.Conv1d) and module.kernel_size == (5,):
            module.register_forward_hook(lambda _, __, output: seen.append(tuple(output.shape[1:])))
    unet(torch.zeros(1, 16, 10), torch.zeros(1, dtype=torch.int64), torch.zeros(1, 69))
    assert set(seen) == {(128, 16), (256, 8)}  # one halving: none at the last level


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("batch", [1, 5, 130])
def test_inference_form_equals_the_module(
    denoiser: Denoiser, dtype: torch.dtype, tolerance: float, batch: int
) -> None:
    denoiser = denoiser.to(dtype)
    for parameter in denoiser.parameters():  # leave no layer norm or bias at its neutral start
        torch.nn.init.normal_(parameter, std=0.2) if parameter.ndim < 2 else None
    chunk, _, observation, task = arguments(batch)
    chunk, steps = chunk.to(dtype), torch.tensor([99, 42, 0])
    with torch.inference_mode():
        condition = denoiser.condition(observation.to(dtype), task)
        denoise = inference_network(denoiser).bind(condition, steps)
        for index, step in enumerate(steps):
            expected = denoiser(chunk, step.expand(batch), condition)
            torch.testing.assert_close(denoise(chunk, index), expected, rtol=tolerance, atol=tolerance)


def test_impossible_networks_name_the_parameter() -> None:
    for wrong, name in (
        ({"horizon": 15}, "horizon"),
        ({"groups": 7}, "groups"),
        ({"kernel_size": 4}, "kernel_size"),
    ):
        with pytest.raises(InvalidParameter, match=name):
            Denoiser(replace(CONFIGS["unet"], **wrong))
    with pytest.raises(InvalidParameter, match="step_embedding"):
        Denoiser(replace(MLP, step_embedding=5))
