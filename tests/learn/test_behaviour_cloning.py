"""Training a prior: what it learns, and exact resume."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.learn.behaviour_cloning import BehaviourCloning, Progress
from expertgen.params import PriorParams
from expertgen.policies.diffusion import DiffusionPrior

PARAMS = PriorParams(
    network="mlp", channels=(8, 16), kernel_size=3, groups=4, step_embedding=16, task_embedding=16, width=64,
    blocks=2, horizon=4, execute=2, prediction="sample", relative_position=True, train_on="successes",
    train_diffusion_steps=50, ddim_steps=8,
    iterations=40, batch_size=32, learning_rate=3e-3, weight_decay=1e-6, warmup=5,
    ema_power=0.75, ema_max=0.99, checkpoint_every=10, num_threads=1,
)  # fmt: skip


def demonstrations(episodes: int = 10, length: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    steps = episodes * length
    observations = np.zeros((steps, 53), dtype=np.float32)
    observations[:, :20] = generator.normal(size=(steps, 20))
    return observations, generator.normal(size=(steps, 10)).astype("f4"), np.arange(1, episodes + 1) * length


def bimodal() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Single steps of +0.1 m or -0.1 m in x, by a coin that no observation shows; y follows a joint."""
    observations, actions, ends = demonstrations(1000, 1)
    observations[:, [c for c in range(53) if c not in (3, 7, 11, 16)]] = 0.0
    actions[:, :3] = observations[:, [3, 7, 11]]
    actions[:, 0] += np.random.default_rng(1).choice([-0.1, 0.1], size=1000)
    actions[:, 1] += 0.3 * observations[:, 16]
    actions[:, 3:] = 1.0
    return observations, actions, ends


def trained(run: BehaviourCloning) -> list[Progress]:
    return list(run.run())


@pytest.mark.parametrize("prediction", ["sample", "epsilon"])
def test_learns_both_modes_and_the_condition(prediction: str) -> None:
    iterations = {"sample": 400, "epsilon": 900}[prediction]  # predicting noise takes longer to become useful
    params = dataclasses.replace(
        PARAMS, prediction=prediction, iterations=iterations, batch_size=128, horizon=2
    )
    run = BehaviourCloning(*bimodal(), params, seed=0)
    losses = [progress.loss for progress in trained(run)]
    assert np.mean(losses[-50:]) < 0.8 * np.mean(losses[:50])
    generator = torch.Generator().manual_seed(0)
    observation = torch.zeros(256, 53)
    observation[:, [3, 7, 11, 16]] = torch.randn(256, 4, generator=generator)
    chunk = run.result().sample(observation, torch.randn(256, 2, 10, generator=generator), 50)
    moved = chunk[:, 0, 0] - observation[:, 3]
    for sign in (-1, 1):
        assert ((moved * sign > 0.05) & (moved * sign < 0.15)).float().mean() > 0.3
    sideways = chunk[:, 0, 1] - observation[:, 7]
    assert torch.corrcoef(torch.stack((sideways, observation[:, 16])))[0, 1] > 0.9


@pytest.mark.parametrize("network", ["mlp", "unet"])
def test_interrupted_run_equals_an_uninterrupted_one(network: str, tmp_path: Path) -> None:
    params = dataclasses.replace(PARAMS, network=network, iterations=16)
    whole, first, second = (BehaviourCloning(*demonstrations(), params, seed=1) for _ in range(3))
    expected = trained(whole)
    progress = list(first.run(until=7))
    first.save_state(tmp_path / "state")
    second.load_state(tmp_path / "state")
    progress += list(second.run())
    assert progress == expected
    for run in (whole, second):
        run.save_state(tmp_path / f"end{run is whole}")
        run.result().save(tmp_path / f"prior{run is whole}")
    for name in ("end", "prior"):
        files = [(tmp_path / f"{name}{which}" / "SHA256SUMS").read_bytes() for which in (True, False)]
        assert files[0] == files[1]


def test_state_before_the_first_iteration_resumes_too(tmp_path: Path) -> None:
    first, second = (BehaviourCloning(*demonstrations(), PARAMS, seed=1) for _ in range(2))
    first.save_state(tmp_path / "state")
    second.load_state(tmp_path / "state")
    assert list(first.run(until=3)) == list(second.run(until=3))


def test_same_seed_same_prior_and_another_seed_another(tmp_path: Path) -> None:
    fingerprints = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(fingerprints))  # the global generator has no say
        run = BehaviourCloning(*demonstrations(), PARAMS, seed)
        list(run.run(until=3))
        fingerprints.append(run.result().fingerprint())
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_learning_rate_warms_up_and_decays_to_zero() -> None:
    rates = [
        progress.learning_rate for progress in trained(BehaviourCloning(*demonstrations(), PARAMS, seed=0))
    ]
    assert rates.index(max(rates)) in (4, 5) and max(rates) == pytest.approx(PARAMS.learning_rate)
    assert rates[:5] == sorted(rates[:5]) and rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] < 0.01 * max(rates)


def test_result_is_self_contained_and_apart_from_further_training(tmp_path: Path) -> None:
    run = BehaviourCloning(*demonstrations(), PARAMS, seed=0)
    list(run.run(until=5))
    prior = run.result()
    prior.save(tmp_path / "prior")
    before = prior.fingerprint()
    list(run.run(until=10))
    assert prior.fingerprint() == before == DiffusionPrior.load(tmp_path / "prior").fingerprint()
    assert run.result().fingerprint() != before
    assert prior.sample(torch.zeros(2, 53), torch.zeros(2, 4, 10)).shape == (2, 4, 10)


def test_state_of_another_run_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    run = BehaviourCloning(*demonstrations(), PARAMS, seed=0)
    list(run.run(until=2))
    run.save_state(tmp_path / "state")
    others = {
        "seed": BehaviourCloning(*demonstrations(), PARAMS, seed=1),
        "data": BehaviourCloning(*demonstrations(11), PARAMS, seed=0),
        "width: found 64, expected 32": BehaviourCloning(
            *demonstrations(), dataclasses.replace(PARAMS, width=32), seed=0
        ),
    }
    for word, other in others.items():
        before = other.result().fingerprint()
        with pytest.raises(IncompatibleArtifact, match=word):
            other.load_state(tmp_path / "state")
        assert other.iteration == 0 and other.result().fingerprint() == before
    with pytest.raises(MissingInput):
        run.load_state(tmp_path / "none")
    (tmp_path / "state" / "meta.json").write_text("{}")
    with pytest.raises(CorruptArtifact):
        run.load_state(tmp_path / "state")


def test_more_ddim_steps_or_checkpoints_may_be_asked_for_on_resume(tmp_path: Path) -> None:
    run = BehaviourCloning(*demonstrations(), PARAMS, seed=0)
    list(run.run(until=2))
    run.save_state(tmp_path / "state")
    other = BehaviourCloning(
        *demonstrations(), dataclasses.replace(PARAMS, ddim_steps=2, checkpoint_every=1), seed=0
    )
    other.load_state(tmp_path / "state")
    assert list(other.run(until=4)) == list(run.run(until=4))
