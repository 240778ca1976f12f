"""The world behind the interface, without it: touch, resets, what it remembers, and what is desired of the arm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expertgen.emulation.desired import Follower
from expertgen.emulation.hand import Hand
from expertgen.emulation.kinematics import Kinematics
from expertgen.emulation.limits import JointLimits
from expertgen.emulation.touch import Touch
from expertgen.emulation.world import STEP, World
from expertgen.params import load_params

PARAMS = load_params(Path(__file__).parents[2] / "params.yaml")
WIDE = JointLimits(*(np.full(7, value) for value in (-3.1, 3.1, 2.6, 87.0, 1000.0, 0.0)))


@pytest.fixture(scope="module")
def shared() -> World:
    return World("lift_banana", PARAMS.simulation)


@pytest.fixture
def world(shared: World) -> World:
    shared.reset(0, arm=True)
    shared.push(np.zeros(3))
    return shared


def test_the_same_torques_give_the_same_states(world: World) -> None:
    def once() -> np.ndarray:
        world.reset(5, arm=True)
        for step in range(50):
            world.step(np.array([np.sin(0.1 * step), 0, 0.5, 0, 0, 0.1, 0]))
        return world.data.qpos.copy()

    np.testing.assert_array_equal(once(), once())


def test_what_is_not_touched_is_not_felt_whatever_the_torques(world: World) -> None:
    touch = Touch(world, Kinematics(world))
    for _ in range(30):
        world.step(np.array([5.0, -5.0, 0, 3.0, 0, 0, 0]))
        touch.feel()
    np.testing.assert_allclose(touch.torques, 0, atol=1e-9)


def test_a_push_is_felt_with_its_size_and_place(world: World) -> None:
    kinematics = Kinematics(world)
    touch = Touch(world, kinematics)
    world.push(np.array([0.0, 0.0, 10.0]))
    for _ in range(100):
        world.step(np.zeros(7))
        touch.feel()
    assert touch.wrench[:3] == pytest.approx([0, 0, -10], abs=0.3)  # what the robot does to who pushes it


def test_a_reset_moves_what_it_says_and_nothing_else(world: World) -> None:
    for _ in range(20):
        world.step(np.array([2.0, 0, 0, 0, 0, 0, 0]))
    arm, time = world.joints.copy(), world.time
    world.reset(7, arm=False)
    np.testing.assert_array_equal(world.joints, arm)
    assert world.time == time
    start = world.benchmark.reset_distribution(np.random.Generator(np.random.PCG64(np.random.SeedSequence(7))))
    np.testing.assert_allclose(world.snapshot().objects, start.objects)
    assert not world.success()


def test_the_world_is_remembered_but_not_beyond_a_reset(world: World) -> None:
    for _ in range(40):
        world.step(np.array([3.0, 0, 0, 0, 0, 0, 0]))
    then, now = world.snapshot(0.02), world.snapshot()
    assert now.time - then.time == pytest.approx(0.02)
    assert then.joints[0] < now.joints[0]
    world.reset(1, arm=False)
    assert world.snapshot(0.2).time == world.time


def test_the_hand_goes_at_its_speed_and_stops_at_its_width(world: World) -> None:
    hand = Hand(world)
    hand.go(0.04, 0.1, 40.0)
    for _ in range(200):
        hand.step()
        world.step(np.zeros(7))
    assert hand.width == pytest.approx(0.06, abs=6e-3)
    for _ in range(400):
        hand.step()
        world.step(np.zeros(7))
    assert hand.width == pytest.approx(0.04, abs=1e-3)
    assert hand.arrived and not hand.holds


def test_what_is_desired_is_the_exact_difference_of_commands(world: World) -> None:
    follower = Follower(Kinematics(world), WIDE, world.joints)
    start, jerk = world.joints.copy(), 2000.0
    for step in range(1, 6):  # constant jerk
        command = start + np.array([jerk * STEP**3 * step * (step + 1) * (step + 2) / 6, 0, 0, 0, 0, 0, 0])
        assert follower.joint_position(command, first=step == 1) == []
    assert follower.desired.acceleration[0] == pytest.approx(5 * jerk * STEP, rel=1e-6)
    assert follower.desired.velocity[0] == pytest.approx(15 * jerk * STEP**2, rel=1e-6)


def test_a_tool_is_where_it_is_told(world: World) -> None:
    kinematics = Kinematics(world)
    follower = Follower(kinematics, WIDE, world.joints)
    twist = np.zeros(6)
    for step in range(1, 200):
        twist[1] = min(step, 100) * 1e-3 * 0.5
        twist[5] = min(step, 100) * 1e-3 * 1.0
        assert follower.tool_velocity(twist, None) == []
    desired = follower.desired
    pose, _ = kinematics.tool(desired.joints)
    np.testing.assert_allclose(pose, desired.pose, atol=1e-7)
    np.testing.assert_allclose(desired.twist, twist)


def test_a_refused_command_changes_nothing(world: World) -> None:
    follower = Follower(Kinematics(world), WIDE, world.joints)
    before = follower.desired
    jump = follower.desired.pose.copy()
    jump[0, 3] += 0.005
    assert "cartesian_motion_generator_velocity_limits_violation" in follower.tool_pose(jump, None, first=True)
    jump[:3, :3] *= 1.1
    assert follower.tool_pose(jump, None, first=True) == ["cartesian_position_motion_generator_invalid_frame"]
    assert follower.joint_position(world.joints + 0.2, first=True) == [
        "joint_position_motion_generator_start_pose_invalid"
    ]
    assert follower.desired is before
