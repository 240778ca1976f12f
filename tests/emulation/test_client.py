"""The real client drives the emulated arm: motions, limits, reflexes, touch, and the clock."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

franky = pytest.importorskip("franky")
pytest.importorskip("franky_sim")

from expertgen.emulation.errors import ERRORS  # noqa: E402
from expertgen.emulation.fingers import RemoteFingers  # noqa: E402
from expertgen.emulation.remote import EmulatedClock, Remote  # noqa: E402
from expertgen.robots.faults import RobotFault  # noqa: E402
from expertgen.sims.kinematics import Kinematics  # noqa: E402
from tests.emulation.client import READY, connect, place, tracking  # noqa: E402

SIDEWAYS, UP = np.array([0.0, 0.02, 0.0]), np.array([0.0, 0.0, 0.24])


@pytest.fixture
def world(emulated: Remote) -> Iterator[Remote]:
    emulated.ask("reset", seed=3, joints=READY.tolist())
    yield emulated
    for request, values in (("button", {"pressed": False}), ("link", {"cut": False}), ("push", {"force": [0, 0, 0]}),
                            ("hand", {"dead": False}), ("lose", {"commands": 0})):  # fmt: skip
        emulated.ask(request, **values)


@pytest.fixture
def robot(world: Remote) -> Iterator[Any]:
    yield connect(world)
    gc.collect()  # the connection ends with the client's object


def low(height: float, x: float = 0.45) -> list[float]:
    """Joints that put the tool `height` m above the table, pointing down."""
    position = np.array([[x, 0.0, height]])
    rotation = np.diag([1.0, -1.0, -1.0])[None]
    return Kinematics().solve(READY[None], position, rotation)[0].tolist()


def test_the_client_sees_the_world(world: Remote, robot: Any) -> None:
    told = world.ask("state")
    np.testing.assert_allclose(robot.state.q, told["joints"], atol=1e-6)
    position, _ = Kinematics().forward(np.array(told["joints"])[None])
    np.testing.assert_allclose(place(robot), position[0], atol=1e-5)
    assert robot.state.robot_mode == franky.RobotMode.Idle
    np.testing.assert_allclose(robot.state.O_F_ext_hat_K, 0, atol=0.5)


def test_a_joint_motion_reaches_its_goal(world: Remote, robot: Any) -> None:
    goal = READY + np.array([0.05, 0.02, -0.03, 0.04, 0.02, -0.05, 0.06])
    robot.move(franky.JointMotion(goal.tolist()))
    assert np.abs(robot.state.q - goal).max() < 1e-3


def test_a_cartesian_motion_reaches_its_goal(world: Remote, robot: Any) -> None:
    before = place(robot)
    robot.relative_dynamics_factor = 0.1
    robot.move(franky.CartesianMotion(franky.Affine([0.0, 0.02, -0.01]), franky.ReferenceType.Relative))
    moved = np.linalg.norm(place(robot) - before)
    assert abs(moved - np.hypot(0.02, 0.01)) < 1e-3


def test_streamed_targets_are_followed_and_the_same_stream_gives_the_same_states(world: Remote, robot: Any) -> None:
    def once() -> np.ndarray:
        clock = EmulatedClock(world)  # before the reset: none of the settling thereafter is left to chance
        world.ask("reset", seed=3, joints=READY.tolist())
        seen, start = [], place(robot)
        with tracking(world, robot, clock) as stream:
            for step in range(40):
                stream(start + SIDEWAYS * (1 - np.cos(np.pi * min(step, 20) / 20)) / 2)
                seen.append([*world.ask("state")["joints"], *world.ask("state")["objects"][0]])
            error = np.abs(place(robot) - start - SIDEWAYS).max()
        assert error < 2e-3
        return np.array(seen)

    np.testing.assert_array_equal(once(), once())


def test_a_broken_limit_ends_in_a_reflex_from_which_the_client_recovers(world: Remote, robot: Any) -> None:
    # The client's own limits are those of the arm's predecessor, which was quicker.
    robot.relative_dynamics_factor = 1.0
    with pytest.raises(franky.ControlException, match="joint_motion_generator_acceleration_discontinuity"):
        robot.move(franky.JointMotion((READY + 0.5).tolist()))
    assert robot.state.robot_mode == franky.RobotMode.Reflex
    assert robot.state.current_errors.joint_motion_generator_acceleration_discontinuity
    with pytest.raises(franky.CommandException, match="Reflex"):
        robot.move(franky.JointMotion(READY.tolist()))
    assert robot.recover_from_errors()
    assert robot.state.robot_mode == franky.RobotMode.Idle
    robot.relative_dynamics_factor = 0.3
    robot.move(franky.JointMotion(READY.tolist()))
    assert np.abs(robot.state.q - READY).max() < 1e-3


def test_what_the_hand_presses_on_is_felt(world: Remote, robot: Any) -> None:
    world.ask("reset", seed=3, joints=low(0.012))
    robot.set_collision_behavior(100.0, 100.0)
    with tracking(world, robot) as stream:
        start = place(robot)
        stream(start)
        assert abs(robot.state.O_F_ext_hat_K[2]) < 1
        stream(start - [0, 0, 0.02], 30)
        felt = robot.state
        assert felt.O_F_ext_hat_K[2] < -15  # what the arm does to the table is positive
        assert world.ask("state")["wrench"][2] == pytest.approx(-felt.O_F_ext_hat_K[2], rel=0.05)
        assert place(robot)[2] > -0.003
        stream(start, 20)


def test_pressing_too_hard_is_a_reflex(world: Remote, robot: Any) -> None:
    world.ask("reset", seed=3, joints=low(0.012))
    robot.set_collision_behavior(20.0, 12.0)
    with pytest.raises(franky.ControlException, match="cartesian_reflex"), tracking(world, robot) as stream:
        stream(place(robot) - [0, 0, 0.03], 60)
    assert world.ask("state")["errors"] == ["cartesian_reflex"]
    assert robot.recover_from_errors()


def test_a_push_is_felt_too(world: Remote, robot: Any) -> None:
    world.ask("push", force=[0.0, 6.0, 0.0])
    with tracking(world, robot) as stream:
        stream(place(robot), 10)
        assert robot.state.O_F_ext_hat_K[1] == pytest.approx(-6, abs=0.6)
        world.ask("push", force=[0.0, 0.0, 0.0])


def test_the_hand_grasps_the_banana_and_the_arm_lifts_it(world: Remote, robot: Any) -> None:
    # Its chord across the fingers' way, its thickest part between them.
    world.ask("reset", seed=3, joints=low(0.02))
    world.ask("place", objects=[[0.45, -0.012, 0.018, 1.0, 0.0, 0.0, 0.0]])
    hand = franky.Gripper(world.host)
    robot.set_collision_behavior(100.0, 100.0)
    assert hand.grasp(0.03, 0.1, 40.0, 0.02, 0.03)
    assert 0.02 < hand.width < 0.05
    assert world.ask("state")["holds"]
    with tracking(world, robot) as stream:
        start = place(robot)
        for step in range(1, 101):
            stream(start + UP * step / 100)
        assert world.ask("success")["success"]
        weight = 0.12 * 9.81  # N, of the banana, pulls the arm down
        stream(start + UP, 30)
        assert robot.state.O_F_ext_hat_K[2] == pytest.approx(weight, abs=0.5)


def test_the_emergency_stop_ends_a_motion_and_allows_no_other(world: Remote, robot: Any) -> None:
    with pytest.raises(franky.ControlException), tracking(world, robot) as stream:
        stream(place(robot) + SIDEWAYS, 5)
        world.ask("button", pressed=True)
        stream(place(robot), 50)
    assert robot.state.robot_mode == franky.RobotMode.UserStopped
    with pytest.raises(franky.CommandException):
        robot.move(franky.JointMotion(READY.tolist()))
    world.ask("button", pressed=False)
    robot.recover_from_errors()
    robot.move(franky.JointMotion(READY.tolist()))


def test_few_lost_commands_are_bridged_and_many_are_not(world: Remote, robot: Any) -> None:
    with pytest.raises(franky.ControlException, match="communication_constraints"), tracking(world, robot) as stream:
        world.ask("lose", commands=15)
        stream(place(robot), 5)
        assert world.ask("state")["following"]
        world.ask("lose", commands=25)
        stream(place(robot), 10)
    robot.recover_from_errors()


def test_a_lost_link_stops_the_arm(world: Remote, robot: Any) -> None:
    with pytest.raises(franky.NetworkException), tracking(world, robot) as stream:
        stream(place(robot))
        world.ask("link", cut=True)
        stream(place(robot), 10)
        time.sleep(1.5)  # the client waits for a second
        robot.poll_motion()
    told = world.ask("state")
    assert told["errors"] == ["communication_constraints_violation"] and not told["following"]
    world.ask("link", cut=False)


def test_time_stands_still_for_its_owner_and_the_client_stays(world: Remote, robot: Any) -> None:
    with tracking(world, robot) as stream:
        stream(place(robot))
        before = world.ask("state")["now"]
        time.sleep(1.5)  # longer than the client waits for a state
        assert world.ask("state")["now"] == before
        stream(place(robot))
        assert world.ask("state")["now"] == pytest.approx(before + 0.01)


def test_another_cannot_take_the_clock(world: Remote) -> None:
    with Remote(world.host) as other:
        clock = EmulatedClock(other)
        with pytest.raises(RobotFault, match="another owns the clock"):
            EmulatedClock(world)
        clock.sleep_until(clock.now() + 0.005)
    for _ in range(100):  # it has gone: the clock is free again, as soon as that is noticed
        try:
            world.ask("take")
            break
        except RobotFault:
            time.sleep(0.01)
    world.ask("free")


def test_a_failed_hand_says_so(world: Remote) -> None:
    hand = franky.Gripper(world.host)
    world.ask("hand", dead=True)
    with pytest.raises(Exception, match="failed"):
        hand.move(0.02, 0.1)
    world.ask("hand", dead=False)
    assert hand.move(0.06, 0.1)
    assert hand.width == pytest.approx(0.06, abs=2e-3)


def test_another_make_moves_the_fingers_too(world: Remote) -> None:
    fingers, clock = RemoteFingers(world), EmulatedClock(world)
    fingers.go(0.03, 0.1, 40.0)
    clock.sleep_until(clock.now() + 0.8)
    assert fingers.width() == pytest.approx(0.03, abs=2e-3) and not fingers.blocked()
    clock.free()


def test_client_and_emulation_mean_the_same_errors(world: Remote, robot: Any) -> None:
    for error in ERRORS:
        world.ask("reflex", error=error)
        for _ in range(200):  # the state comes when it comes, by another connection than the answer
            told = robot.state.current_errors
            if names := [name for name in ERRORS if getattr(told, name)]:
                break
            time.sleep(0.01)
        assert names == [error]
        assert robot.recover_from_errors()


def test_what_cannot_be_met_is_refused(world: Remote) -> None:
    for what, values in (("dance", {}), ("reset", {}), ("place", {"objects": [[1, 2]]}), ("reflex", {"error": "x"}),
                         ("advance", {"seconds": 1})):  # fmt: skip
        with pytest.raises(RobotFault, match="refuses"):
            world.ask(what, **values)
