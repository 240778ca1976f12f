"""What every task of the catalogue keeps: starts, scene, success and script fit each other."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from expertgen.benchmarks import TASKS
from expertgen.env import WORKSPACE, Env, start_generator
from expertgen.geometry import slide_distance
from expertgen.make_env import make_env
from expertgen.params import Params, load_params
from expertgen.policies.scripted import ScriptedPolicy

ROOT = Path(__file__).parents[2]
SEEDS = np.arange(24)


def params_of(task: str) -> Params:
    return load_params(ROOT / "params.yaml", task=task)


def env_of(task: str, count: int = len(SEEDS)) -> Env:
    return make_env(task, dataclasses.replace(params_of(task).simulation, num_threads=1), count, 8)


def test_every_task_has_a_slot_of_its_own_and_values_that_may_differ() -> None:
    assert sorted(task.index for task in TASKS.values()) == list(range(len(TASKS)))
    assert all(TASKS[name].name == name for name in TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_starts_are_what_their_seeds_say_and_differ(task: str) -> None:
    draw = TASKS[task].reset_distribution
    first, again = ([draw(start_generator(int(seed))) for seed in SEEDS] for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert (one.objects == other.objects).all() and (one.joints == other.joints).all()
    poses = np.stack([start.objects for start in first])
    assert poses.shape == (len(SEEDS), TASKS[task].num_objects, 7)
    assert len(np.unique(poses[:, 0, 0])) == len(SEEDS)
    low, high = WORKSPACE
    free = poses[:, : TASKS[task].num_free, :3]
    assert ((free >= low - 0.01) & (free <= high)).all(), "within the tool's reach"


@pytest.mark.parametrize("task", TASKS)
def test_a_scene_rests_where_it_starts_and_that_is_no_success(task: str) -> None:
    """A second without a motion moves nothing by more than a few millimetres."""
    env = env_of(task)
    env.reset(SEEDS)
    held = env.observe()[:, :16].reshape(-1, 4, 4)
    action = torch.cat([held[:, :3, 3], held[:, :3, 0], held[:, :3, 1], -torch.ones(len(SEEDS), 1)], -1)
    result = env.step_chunk(action[:, None].repeat(1, 10, 1))
    assert result.healthy.all() and not result.success.any()
    moved = np.linalg.norm(result.objects[:, -1, :, :3] - env.start_objects[..., :3], axis=-1)
    assert moved.max() < 0.008, moved.max(0)


@pytest.mark.parametrize("task", TASKS)
def test_the_script_succeeds_at_times_and_fails_at_times(task: str) -> None:
    params, env = params_of(task), env_of(task, 48)
    script, seeds = ScriptedPolicy(env, params.script, 8), np.arange(48)
    env.reset(seeds)
    script.plan(seeds)
    success = []
    while env.elapsed[0] < env.episode_steps:
        success.append(env.step_chunk(script.act(env.observe())).success)
    assert 0.02 < torch.cat(success, 1).any(1).float().mean() < 0.9


@pytest.mark.parametrize("task", [name for name in TASKS if TASKS[name].articulated])
def test_an_articulated_object_stands_where_it_was_put_and_is_drawn_there(task: str) -> None:
    env = env_of(task, 3)
    env.reset(SEEDS[:3])
    state = env.simulator.state().objects
    np.testing.assert_allclose(state, env.start_objects, atol=1e-12)
    opened = state.copy()
    opened[:, -1, :3] += 0.1 * (opened[:, -1, :3] - opened[:, -1, :3] + [[-1.0, 0, 0]])
    env.simulator.reset(np.arange(3), env.simulator.state().joints, env.simulator.state().fingers, opened)
    distance = slide_distance(*np.moveaxis(env.simulator.state().objects[:, -2:], 1, 0))
    np.testing.assert_allclose(distance, slide_distance(opened[:, -2], opened[:, -1]), atol=1e-12)
    assert (distance > 0.09).all()
    env.simulator.close()  # type: ignore[attr-defined]


def test_saving_and_restoring_keeps_an_articulated_object_bit_for_bit() -> None:
    env = env_of("open_drawer", 4)
    env.reset(SEEDS[:4])
    script = ScriptedPolicy(env, params_of("open_drawer").script, 8)
    script.plan(SEEDS[:4])
    for _ in range(3):
        env.step_chunk(script.act(env.observe()))
    saved = env.state()
    ahead = env.step_chunk(script.act(env.observe())).objects
    env.reset(SEEDS[4:8])
    env.restore(saved)
    np.testing.assert_array_equal(env.step_chunk(script.act(env.observe())).objects, ahead)
