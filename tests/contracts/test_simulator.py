"""What every Simulator promises, run against each engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from expertgen.errors import InvalidParameter
from expertgen.sims.interface import ChunkTrace, Simulator
from expertgen.sims.kinematics import Kinematics
from tests.contracts.engines import CONTROL_HZ, ENGINES, motion, start

Make = Callable[..., Simulator]


@pytest.fixture(params=sorted(ENGINES))
def make(request: pytest.FixtureRequest) -> Make:
    def build(num_envs: int = 4, num_threads: int = 2) -> Simulator:
        return ENGINES[request.param](num_envs, num_threads)

    return build


def arrays(trace: ChunkTrace) -> np.ndarray:
    """Everything recorded, (B, S, N)."""
    batch, steps = trace.joints.shape[:2]
    return np.concatenate([trace.joints, trace.fingers, trace.objects.reshape(batch, steps, -1)], axis=-1)


def test_a_reset_puts_everything_where_it_was_asked_to_be(make: Make) -> None:
    sim = make(2)
    joints = np.array([[0.1, -0.3, 0.2, -2.4, 0.1, 2.2, 0.7], [0.0, -0.2, 0.0, -2.3, 0.0, 2.1, 0.8]])
    fingers = np.array([[0.03, 0.03], [0.01, 0.01]])
    objects = np.array([[[0.5, 0.1, 0.3, 1, 0, 0, 0]], [[0.4, -0.1, 0.2, 0, 0, 0, 1]]], dtype=float)
    sim.reset(np.arange(2), joints, fingers, objects)
    state = sim.state()
    np.testing.assert_allclose(state.joints, joints, atol=1e-6)
    np.testing.assert_allclose(state.fingers, fingers, atol=1e-5)
    np.testing.assert_allclose(state.objects, objects, atol=1e-6)
    np.testing.assert_array_equal(state.velocities, 0)


def test_joints_reach_targets_and_stay(make: Make) -> None:
    sim = make(1)
    start(sim)
    target = sim.state().joints[:, None] + np.full((1, 20, 7), 0.1)
    trace = sim.step(target, np.full((1, 20), sim.fingers_open))
    np.testing.assert_allclose(trace.joints[:, -1], target[:, -1], atol=0.01)
    np.testing.assert_allclose(trace.fingers[:, -1], sim.fingers_open, atol=2e-3)
    assert sim.control_dt == pytest.approx(1 / CONTROL_HZ)


def test_a_partial_reset_leaves_the_others_bit_identical(make: Make) -> None:
    sim, other = make(), make()
    for s in (sim, other):
        start(s)
        s.step(*motion(s, 4))
    plan = motion(sim, 4, 1)
    start(other, np.array([1, 2]), seed=5)
    first, second = (arrays(s.step(*plan)) for s in (sim, other))
    np.testing.assert_array_equal(first[[0, 3]], second[[0, 3]])
    assert not np.array_equal(first[[1, 2]], second[[1, 2]])


def test_a_reset_environment_forgets_what_happened_before(make: Make) -> None:
    fresh, used = make(2), make(2)
    for s in (fresh, used):
        start(s)
    used.step(*motion(used, 6, 3))
    start(used)
    plan = motion(fresh, 4)
    np.testing.assert_array_equal(arrays(fresh.step(*plan)), arrays(used.step(*plan)))


def test_saved_state_continues_bit_for_bit_also_in_another_process_s_engine(make: Make) -> None:
    sim = make()
    start(sim)
    sim.step(*motion(sim, 6))
    saved = {name: value.copy() for name, value in sim.save().items()}
    assert all(len(value) == sim.num_envs for value in saved.values())
    plan = motion(sim, 6, 1)
    expected = arrays(sim.step(*plan))
    sim.restore(saved)
    again = arrays(sim.step(*plan))
    other = make()
    other.restore(saved)
    np.testing.assert_array_equal(again, expected)
    np.testing.assert_array_equal(arrays(other.step(*plan)), expected)
    for name, value in sim.save().items():
        np.testing.assert_array_equal(value, other.save()[name], err_msg=name)


def test_the_number_of_threads_changes_nothing(make: Make) -> None:
    results = []
    for threads in (1, 2):
        sim = make(6, threads)
        start(sim)
        results.append(arrays(sim.step(*motion(sim, 10))))
    np.testing.assert_array_equal(*results)


def test_an_environment_does_not_depend_on_its_batch(make: Make) -> None:
    batch, single = make(4), make(1)
    start(batch)
    start(single)
    targets, gripper = motion(batch, 6)
    expected = arrays(batch.step(targets, gripper))[:1]
    np.testing.assert_array_equal(arrays(single.step(targets[:1], gripper[:1])), expected)


def test_a_chunk_is_its_control_steps_one_by_one(make: Make) -> None:
    whole, single = make(), make()
    for s in (whole, single):
        start(s)
    targets, gripper = motion(whole, 8)
    chunk = arrays(whole.step(targets, gripper))
    steps = [arrays(single.step(targets[:, i : i + 1], gripper[:, i : i + 1])) for i in range(8)]
    np.testing.assert_array_equal(chunk, np.concatenate(steps, axis=1))


def test_a_trace_is_not_overwritten_by_the_next_chunk(make: Make) -> None:
    sim = make()
    start(sim)
    trace = sim.step(*motion(sim, 2))
    before = arrays(trace).copy()
    sim.step(*motion(sim, 2, 1))
    np.testing.assert_array_equal(arrays(trace), before)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_broken_environment_is_reported_and_harms_no_neighbour(make: Make, value: float) -> None:
    sim, healthy = make(), make()
    for s in (sim, healthy):
        start(s)
    targets, gripper = motion(sim, 4)
    expected = arrays(healthy.step(targets, gripper))
    broken = targets.copy()
    broken[2, 1] = value
    trace = arrays(sim.step(broken, gripper))
    health = sim.health()
    assert health.ok.tolist() == [True, True, False, True]
    assert list(health.reasons) == [2] and health.reasons[2]
    np.testing.assert_array_equal(trace[[0, 1, 3]], expected[[0, 1, 3]])
    sim.step(targets, gripper)
    assert not sim.health().ok[2], "until it is reset"
    start(sim, np.array([2]))
    assert sim.health().ok.all() and not sim.health().reasons
    assert np.isfinite(arrays(sim.step(*motion(healthy, 2, 1)))).all()


def test_health_is_part_of_the_saved_state(make: Make) -> None:
    sim = make(2)
    start(sim)
    good = sim.save()
    targets, gripper = motion(sim, 2)
    targets[1] = np.nan
    sim.step(targets, gripper)
    bad = sim.save()
    sim.restore(good)
    assert sim.health().ok.all()
    fresh = make(2)
    fresh.restore(bad)
    assert fresh.health().ok.tolist() == [True, False]


@pytest.mark.parametrize("ids", [[4], [-1], [1, 0], [2, 2]])
def test_ids_must_exist_and_be_sorted_and_unique(make: Make, ids: list[int]) -> None:
    sim = make()
    start(sim)
    before = sim.save()
    now = sim.state()
    with pytest.raises(ValueError, match="ids"):
        sim.reset(np.array(ids), *(a[: len(ids)] + 0.01 for a in (now.joints, now.fingers, now.objects)))
    for name, value in sim.save().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_resetting_nobody_is_allowed(make: Make) -> None:
    sim = make(2)
    start(sim)
    before = sim.save()
    sim.reset(np.array([], dtype=int), np.empty((0, 7)), np.empty((0, 2)), np.empty((0, 1, 7)))
    for name, value in sim.save().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_randomised_mass_changes_its_environment_only(make: Make) -> None:
    sim, plain = make(3), make(3)
    for s in (sim, plain):
        start(s)
    sim.randomize(np.array([1]), {"object_mass": np.array([[3.0]])})
    # Landing on the table shows the mass in the contact.
    objects = sim.state().objects + np.array([0, 0, 0.05, 0, 0, 0, 0])
    for s in (sim, plain):
        s.reset(np.arange(3), s.state().joints, s.state().fingers, objects)
    plan = motion(plain, 4)
    first, second = (arrays(s.step(*plan)) for s in (sim, plain))
    np.testing.assert_array_equal(first[[0, 2]], second[[0, 2]])
    assert not np.array_equal(first[1], second[1])
    with pytest.raises(InvalidParameter, match="object_mass"):
        sim.randomize(np.array([0]), {"colour": np.zeros((1, 3))})


def test_jacobian_is_the_derivative_of_the_tool_s_place(make: Make) -> None:
    sim = make(2)
    start(sim)
    kinematics, joints, step = Kinematics(), sim.state().joints, 1e-6
    jacobian = sim.jacobian()
    assert jacobian.shape == (2, 6, 7)
    for joint in range(7):
        moved = joints + step * np.eye(7)[joint]
        slope = (kinematics.forward(moved)[0] - kinematics.forward(joints)[0]) / step
        np.testing.assert_allclose(jacobian[:, :3, joint], slope, atol=1e-5)


FORCE = np.array([[0.0, 0.0, 0.0], [0.0, 40.0, 0.0], [0.0, 0.0, 0.0]])  # N


def standing(sim: Simulator, steps: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Targets that hold the arm where it is."""
    targets = np.repeat(sim.state().joints[:, None], steps, 1)
    return targets, np.full((sim.num_envs, steps), sim.fingers_open)


def test_a_push_moves_its_environment_s_hand_along_and_no_other(make: Make) -> None:
    pushed, free = make(3), make(3)
    for s in (pushed, free):
        start(s)
    plan = standing(free)
    pushed.push(FORCE)
    first, second = pushed.step(*plan), free.step(*plan)
    np.testing.assert_array_equal(arrays(first)[[0, 2]], arrays(second)[[0, 2]])
    kinematics = Kinematics()
    moved = kinematics.forward(first.joints[1, -1:])[0] - kinematics.forward(second.joints[1, -1:])[0]
    assert moved[0, 1] > 0.002 and moved[0, 1] > 2 * np.abs(moved[0, [0, 2]]).max(), moved
    assert pushed.health().ok.all()


def test_a_push_lasts_until_the_next_and_no_force_ends_it(make: Make) -> None:
    sim, free = make(3), make(3)
    for s in (sim, free):
        start(s)
    plan = standing(free)
    sim.push(FORCE)
    sim.step(*plan)
    held = sim.step(*plan).joints[1, -1]
    sim.push(np.zeros((3, 3)))
    for _ in range(2):
        back = sim.step(*plan).joints[1, -1]
    there = [free.step(*plan).joints[1, -1] for _ in range(4)][-1]
    assert np.abs(back - there).max() < 0.05 * np.abs(held - there).max()


def test_a_reset_ends_a_push_on_what_it_resets(make: Make) -> None:
    sim, free = make(3), make(3)
    for s in (sim, free):
        start(s)
    sim.push(np.repeat(FORCE[1:2], 3, 0))
    sim.step(*standing(sim, 2))
    start(sim, np.array([1]))
    plan = standing(free)
    after, expected = (arrays(s.step(*plan)) for s in (sim, free))
    np.testing.assert_array_equal(after[1], expected[1])
    assert not np.array_equal(after[0], expected[0])


def test_a_saved_state_keeps_the_push(make: Make) -> None:
    sim, other = make(3), make(3)
    start(sim)
    free = {name: value.copy() for name, value in sim.save().items()}
    sim.push(FORCE)
    sim.step(*standing(sim, 2))
    pushed = {name: value.copy() for name, value in sim.save().items()}
    plan = standing(sim)
    expected = arrays(sim.step(*plan))
    other.restore(pushed)
    np.testing.assert_array_equal(arrays(other.step(*plan)), expected)
    fresh = make(3)
    start(fresh)
    for s in (sim, fresh):
        s.restore(free)
    np.testing.assert_array_equal(arrays(sim.step(*plan)), arrays(fresh.step(*plan)), err_msg="and its absence")
