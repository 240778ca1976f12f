"""The pre-flight: what it measures on a small prior, and the verdicts it comes to."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from expertgen.metrics.wilson import Rate
from expertgen.stages import preflight
from expertgen.stages.load_prior import load_prior
from expertgen.stages.preflight_spread import action_spread
from expertgen.stages.preflight_verdict import verdict

TASK = "lift_banana"


def test_it_measures_and_repeats(small, untrained) -> None:
    params, workspace = small
    untrained(params, workspace)
    preflight.run(params, TASK, workspace)
    text = (workspace.reports / "preflight.json").read_text()
    report = json.loads(text)
    assert report["gaussian"]["n"] == report["zero"]["n"] == report["best_of_n"]["n"] == params.preflight.starts
    assert len(report["solved_by"]) == params.preflight.starts
    assert max(report["solved_by"]) <= params.preflight.noises
    assert len(report["unsolved"]) == report["solved_by"].count(0)
    assert set(report["ddim"]) == {"1", "2"}
    assert report["spread"]["position_mm"] > 0
    assert report["verdict"]["answer"] in {"yes", "doubtful", "no"}
    assert all((workspace.reports / name).stat().st_size > 0 for name in ("preflight.md", "preflight.png", "ddim.png"))
    preflight.run(params, TASK, workspace)
    assert (workspace.reports / "preflight.json").read_text() == text


def test_its_starts_are_not_those_of_evaluation(small, untrained) -> None:
    params, workspace = small
    untrained(params, workspace)
    preflight.run(params, TASK, workspace)
    first = json.loads((workspace.reports / "preflight.json").read_text())["first_start_seed"]
    assert first >= params.evaluate.seed + params.evaluate.episodes


def report(gaussian_best: int, zero: int, spread: float, n: int = 256) -> dict:
    return {
        "target": 0.99, "noises": 16, "starts": n, "best_of_n": Rate(gaussian_best, n).to_json(),
        "zero": Rate(zero, n).to_json(), "spread": {"position_mm": spread},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("measured", "answer"),
    [
        (report(256, 180, 5.0), "yes"),
        (report(250, 180, 5.0), "doubtful"),
        (report(180, 180, 5.0), "no"),
        (report(0, 0, 5.0), "no"),
        (report(256, 180, 0.1), "no"),
        (report(1024, 1024, 5.0, 1024), "yes"),
    ],
)
def test_the_verdict_follows_from_the_numbers(measured: dict, answer: str) -> None:
    found = verdict(measured)
    assert found["answer"] == answer and found["reason"].endswith(".")


def test_the_spread_of_a_prior_without_noise_is_nothing(small, untrained) -> None:
    params, workspace = small
    untrained(params, workspace)
    prior = load_prior(workspace)
    observations = np.random.default_rng(0).normal(size=(3, 16, 53)).astype(np.float32)
    assert action_spread(prior, observations, 4, 0)["position_mm"] > 0
    object.__setattr__(prior, "sample", lambda seen, noise: torch.ones(len(seen), 16, 10))
    still = action_spread(prior, observations, 4, 0)
    assert still["position_mm"] == 0 and still["yaw_deg"] < 0.1 and still["gripper_disagreement"] == 0
