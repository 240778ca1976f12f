"""Events: keyed by the start's seed, felt while they last, and nothing to whom they do not happen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from expertgen.env import Env
from expertgen.errors import UnknownName
from expertgen.make_env import make_env
from expertgen.params import Params, load_params
from expertgen.perturbations import KINDS, Events, PerturbedEnv, draw_events
from expertgen.policies.scripted import ScriptedPolicy
from expertgen.rollout import Episodes, run_episodes

PARAMS = load_params(Path(__file__).parents[1] / "params.yaml", None, "lift_banana")
SIMULATION = dataclasses.replace(PARAMS.simulation, num_threads=1)
STEPS = SIMULATION.episode_steps
SEEDS = np.array([5, 900])


def events(rows: int, begin: int, end: int, opened: bool = False, force: tuple[float, float] = (0.0, 0.0)) -> Events:
    """The same event in the first of `rows` episodes, none in the others."""
    open_in, pushed = np.zeros((rows, STEPS), bool), np.zeros((rows, STEPS, 2))
    open_in[0, begin:end], pushed[0, begin:end] = opened, force
    return Events(np.full((rows, 1), begin), np.zeros((rows, 1)), open_in, pushed)


def disturbed(count: int, drawn: Events) -> PerturbedEnv:
    return PerturbedEnv(make_env("lift_banana", SIMULATION, count, 8), lambda seeds: drawn)


def aimed_well(params: Params = PARAMS) -> Params:
    flawless = dataclasses.replace(params.script, position_noise=0.0, yaw_noise=0.0, aim_offset=0.0, yaw_limit=np.pi)
    return dataclasses.replace(params, script=flawless)


def scripted(env: Env, seeds: np.ndarray = SEEDS) -> Episodes:
    script = ScriptedPolicy(env, aimed_well().script, 16)
    return run_episodes(env, script.act, seeds, script.plan)


def held(env: Env, gripper: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """A policy that keeps the tool where it stands after the reset."""
    position, rotation = env.kinematics.forward(env.simulator.state().joints)
    pose = np.concatenate([position, rotation[:, :, 0], rotation[:, :, 1], np.full((len(position), 1), gripper)], -1)
    return lambda observation: torch.from_numpy(pose)[:, None].expand(-1, 16, -1)


def tool(env: Env, episodes: Episodes) -> np.ndarray:
    """(N, T, 3) m."""
    position, _ = env.kinematics.forward(episodes.joints.reshape(-1, 7))
    return position.reshape(*episodes.joints.shape[:2], 3)


@pytest.mark.parametrize("kind", KINDS)
def test_events_hang_on_the_seed_of_the_start_alone(kind: str) -> None:
    params = dataclasses.replace(PARAMS.perturb, force=dataclasses.replace(PARAMS.perturb.force, events=2))
    seeds = np.arange(20000, 20040)
    whole, alone = draw_events(kind, params, seeds, STEPS), draw_events(kind, params, seeds[7:8], STEPS)
    for field in dataclasses.fields(Events):
        assert np.array_equal(getattr(whole, field.name)[7:8], getattr(alone, field.name))
    assert len(np.unique(whole.begins)) > 5
    assert whole.begins.min() >= round(params.earliest * STEPS) and whole.begins.max() <= round(params.latest * STEPS)
    another = draw_events(kind, dataclasses.replace(params, seed=1), seeds, STEPS)
    assert not np.array_equal(whole.begins, another.begins)


def test_an_event_is_what_its_parameters_say() -> None:
    opening = draw_events("opening", PARAMS.perturb, np.arange(50), STEPS)
    force = draw_events("force", PARAMS.perturb, np.arange(50), STEPS)
    assert (opening.opened.sum(1) == PARAMS.perturb.opening.steps).all() and not opening.force.any()
    strength = np.linalg.norm(force.force, axis=-1)
    assert ((strength > 0).sum(1) == PARAMS.perturb.force.steps).all() and not force.opened.any()
    assert np.allclose(strength[strength > 0], PARAMS.perturb.force.newtons)
    assert np.ptp(force.angle) > 4  # all around
    with pytest.raises(UnknownName, match="force, opening"):
        draw_events("storm", PARAMS.perturb, np.arange(2), STEPS)


def test_no_event_and_the_events_of_others_change_no_bit() -> None:
    plain = scripted(make_env("lift_banana", SIMULATION, 2, 8))
    for drawn in (events(2, 0, 0), events(2, 11, 14, force=(0.0, 50.0))):
        episodes = scripted(disturbed(2, drawn))
        row = slice(int(drawn.force.any()), 2)  # a push of the first splits the chunks of the second
        for field in dataclasses.fields(Episodes):
            assert np.array_equal(getattr(plain, field.name)[row], getattr(episodes, field.name)[row]), field.name
    assert not np.array_equal(plain.joints[0], episodes.joints[0])


@pytest.mark.parametrize("axis", [0, 1])
def test_a_force_moves_the_hand_its_way_and_not_afterwards(axis: int) -> None:
    force = (60.0, 0.0) if axis == 0 else (0.0, 60.0)
    env = disturbed(1, events(1, 10, 16, force=force))
    env.reset(SEEDS[:1])
    episodes = run_episodes(env, held(env, -1.0), SEEDS[:1])
    moved = tool(env, episodes)[0] - tool(env, episodes)[0, 9]
    assert moved[15, axis] > 0.002 and abs(moved[15, 1 - axis]) < 0.5 * moved[15, axis]
    assert np.abs(moved[30:]).max() < 0.0005


def test_an_opening_overrides_the_command_while_it_lasts() -> None:
    env = disturbed(2, events(2, 12, 20, opened=True))
    env.reset(SEEDS)
    episodes = run_episodes(env, held(env, 1.0), SEEDS)
    fingers = episodes.observation[:, :, 23:25]
    assert fingers[0, 19].min() > 0.03 and fingers[0, 11].max() < 0.005 and fingers[0, 40].max() < 0.005
    assert fingers[1, 19].max() < 0.005
    assert (episodes.action[..., 9] == 1).all()  # the record tells what the policy commanded


def test_a_gripper_that_opens_while_lifting_drops_the_banana() -> None:
    env = disturbed(2, events(2, 30, 35, opened=True))
    episodes = scripted(env, SEEDS[[1, 1]])
    height = episodes.objects[:, :, 0, 2]
    assert episodes.success_end.tolist() == [False, True]
    assert height[0, 29] > 0.1 and height[0, 45] < 0.05 and height[1].max() - height[1, -1] < 0.01


def test_saved_in_the_middle_of_a_push_it_goes_on_bit_for_bit() -> None:
    env = disturbed(1, events(1, 4, 30, force=(0.0, 40.0)))
    env.reset(SEEDS[:1])
    act = held(env, -1.0)
    env.step_chunk(act(env.observe())[:, :8])
    saved = env.state()
    first = env.step_chunk(act(env.observe())[:, :8])
    env.reset(SEEDS[1:])
    env.restore(saved)
    again = env.step_chunk(act(env.observe())[:, :8])
    assert np.array_equal(first.joints, again.joints)
