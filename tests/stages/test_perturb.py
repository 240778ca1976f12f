"""Disturbed episodes: what each is labelled, what is measured, and that it repeats."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from expertgen.benchmarks import TASKS
from expertgen.errors import MissingInput
from expertgen.params import Params
from expertgen.perturbations import Events
from expertgen.rollout import Episodes
from expertgen.stages import perturb
from expertgen.stages.perturb_labels import labels

TASK = "lift_banana"
STEPS = 16


@pytest.fixture
def ready(small, changed, untrained):
    """Small parameters with episodes of two chunks, and untrained checkpoints."""
    params, workspace = small
    params = changed(params, "simulation", episode_steps=STEPS)
    params = changed(params, "perturb", opening=dataclasses.replace(params.perturb.opening, steps=3))
    untrained(params, workspace)
    return params, workspace


def episodes(success: list[str], heights: list[list[float]], closes: bool) -> Episodes:
    """Episodes whose success is written as "..x." and whose one object has such heights above its start, m."""
    count, steps = len(success), len(success[0])
    objects = np.zeros((count, steps, 1, 7))
    objects[:, :, 0, 2] = heights
    action = np.full((count, steps, 10), 1.0 if closes else -1.0, dtype=np.float32)
    flags = np.array([[mark == "x" for mark in row] for row in success])
    return Episodes(
        observation=np.zeros((count, steps, 53), np.float32), action=action, success=flags,
        joints=np.zeros((count, steps, 7)), objects=objects, start_objects=np.zeros((count, 1, 7)),
        seeds=np.arange(count), healthy=np.ones(count, bool),
    )


def labelled(params: Params, kind: str, success: list[str], heights: list[list[float]], closes: bool = True):
    found = episodes(success, heights, closes)
    count, steps = found.success.shape
    opened = np.zeros((count, steps), bool)
    opened[:, 2:4] = kind == "opening"
    events = Events(np.full((count, 1), 2), np.zeros((count, 1)), opened, np.zeros((count, steps, 2)))
    return labels(kind, found, found, events, TASKS[TASK], params)


def test_an_episode_is_labelled_by_what_came_after_its_event(ready) -> None:
    low, lifted, fell = [0.0] * 6, [0.0, 0.1, 0.1, 0.1, 0.1, 0.1], [0.0, 0.1, 0.1, 0.0, 0.0, 0.1]
    heights = [low, lifted, fell, fell, lifted]
    found = labelled(ready[0], "opening", ["......", ".xxxxx", "...xxx", "...xx.", "..x..x"], heights)
    assert found["first_success"].tolist() == [-1, 1, 3, 3, 2]
    assert found["hit"].tolist() == [True, False, True, True, True]
    assert found["recovered"].tolist() == [False, False, True, False, True]
    assert found["dropped"].tolist() == [False, False, True, True, False]
    assert found["felt"].tolist() == found["hit"].tolist()


def test_an_opening_of_an_open_gripper_is_not_felt_but_a_force_is(ready) -> None:
    for kind, felt in (("opening", False), ("force", True)):
        found = labelled(ready[0], kind, ["....xx"], [[0.0] * 6], closes=False)
        assert found["hit"].tolist() == [True] and found["felt"].tolist() == [felt]


def test_what_was_measured_is_in_the_reports_and_repeats(ready, changed, capsys) -> None:
    params, workspace = ready
    perturb.run(params, TASK, workspace)
    reports = workspace.reports
    files = ("perturbations.json", "perturbations.md", "perturbations.png", "perturbed.parquet")
    first = {name: (reports / name).read_bytes() for name in files}
    metrics = json.loads(first["perturbations.json"])
    assert metrics["episodes"] == 6 and metrics["seed"] == params.evaluate.seed and metrics["event_seed"] == 0
    for measured in metrics["policies"].values():
        assert measured["undisturbed"]["success_any"]["n"] == 6
        for kind in ("opening", "force"):
            assert measured[kind]["success_end"]["n"] == 6 and measured[kind]["hit"]["episodes"] <= 6
            assert set(measured[kind]["drop"]["success_end"]) >= {"rate", "p_value"}
    table = pq.read_table(reports / "perturbed.parquet")
    assert table.num_rows == 2 * 2 * 6 and set(table["policy"].to_pylist()) == {"prior", "expert"}
    begins = {(row["seed"], row["kind"]): set() for row in table.to_pylist()}
    for row in table.to_pylist():
        begins[row["seed"], row["kind"]].add(tuple(row["begins"]))
    assert all(len(found) == 1 for found in begins.values())  # the same events for both policies
    receipt = json.loads((workspace.gate("perturb") / "measured.json").read_text())
    digest = hashlib.sha256(first["perturbations.json"]).hexdigest()
    assert receipt == {"sha256": {f"reports/{TASK}/perturbations.json": digest}}
    text = first["perturbations.md"].decode()
    assert "hand pushed" in text and f"seeds {params.evaluate.seed} to" in text and "None" not in text
    capsys.readouterr()
    for name in files:  # as DVC does before it calls a stage
        (reports / name).unlink()
    perturb.run(changed(params, "evaluate", batch=4), TASK, workspace)
    assert "up to date" in capsys.readouterr().err
    (reports / "perturbed.parquet").write_bytes(b"damaged")
    perturb.run(changed(params, "evaluate", batch=5), TASK, workspace)
    assert "up to date" not in capsys.readouterr().err
    assert {name: (reports / name).read_bytes() for name in files} == first


def test_without_an_expert_it_says_what_to_run(small) -> None:
    params, workspace = small
    with pytest.raises(MissingInput, match="expertgen prior"):
        perturb.run(params, TASK, workspace)
