"""The real client of Franka's arm and hand against franky-sim, which knows neither limits nor reflexes."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("franky")
pytest.importorskip("franky_sim")

from expertgen.robots.faults import RobotFault
from expertgen.robots.franka_arm import FrankaArm
from expertgen.robots.franka_hand import FrankaHand
from expertgen.robots.robot import ToolTarget
from expertgen.sims.kinematics import Kinematics

# franky-sim keeps to the wall's time: on a machine that gives it none for a second the link is lost.
pytestmark = pytest.mark.slow

ADDRESS = "127.0.0.79"
PATIENT = {"timeout": 10.0, "connect_timeout": 120.0}  # for machines with much else to do


def start_server():
    server = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("franka_server.py"), ADDRESS], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout.readline() == "ready\n"
    return server


@pytest.fixture(scope="module")
def server():
    server = start_server()
    yield server
    server.kill()
    server.wait()


@pytest.fixture(scope="module")
def connected(server):
    arm = FrankaArm(ADDRESS, realtime=False, **PATIENT)
    yield arm
    arm.close()


@pytest.fixture
def arm(connected):
    connected.recover()  # connects anew too, where a machine with much else to do let the link time out
    yield connected
    connected.stop()


def soon(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def test_poses_are_of_the_tool_as_in_simulation(arm):
    state = arm.observe()
    position, rotation = Kinematics().forward(state.joints[None])
    assert state.position == pytest.approx(position[0], abs=1e-4)
    assert state.rotation == pytest.approx(rotation[0], abs=1e-4)
    assert state.mode == "idle" and state.errors == ()
    assert state.wrench.shape == (6,) and state.external_torques.shape == state.joint_velocities.shape == (7,)
    assert abs(state.time - time.monotonic()) < 60


def test_it_follows_targets_and_tells_what_was_sent(arm):
    state = arm.observe()
    tilted = state.rotation.copy()
    tilted[:, 0] *= 1.02  # no rotation
    sent = arm.send(ToolTarget(state.position + np.array([0.0, 0.02, -0.02]), tilted))
    assert sent.rotation @ sent.rotation.T == pytest.approx(np.eye(3), abs=1e-9)
    assert soon(lambda: np.linalg.norm(arm.observe().position - sent.position) < 0.004)
    assert soon(lambda: arm.observe().mode == "holding")


def test_a_target_that_is_no_pose_is_not_sent(arm):
    state = arm.observe()
    with pytest.raises(RobotFault, match="no pose was not sent"):
        arm.send(ToolTarget(np.full(3, np.nan), state.rotation))
    assert arm.observe().mode == "idle"


def test_after_a_stop_nothing_is_sent_until_it_recovers(arm):
    state = arm.observe()
    arm.send(ToolTarget(state.position + np.array([0.0, 0.0, 0.05]), state.rotation))
    arm.stop()
    assert arm.observe().mode == "stopped"
    assert soon(lambda: np.abs(arm.observe().joint_velocities).max() < 0.02)
    with pytest.raises(RobotFault, match="recover it first"):
        arm.send(ToolTarget(state.position, state.rotation))
    with pytest.raises(RobotFault, match="recover it first"):
        arm.move_to_joints(state.joints, 0.2)
    arm.recover()
    assert arm.observe().mode == "idle"
    arm.send(ToolTarget(state.position, state.rotation))


def test_it_can_be_stopped_twice_and_at_rest(arm):
    arm.stop()
    arm.stop()
    assert arm.observe().mode == "stopped"


def test_a_reset_ends_what_it_followed_and_arrives(arm):
    state = arm.observe()
    arm.send(ToolTarget(state.position, state.rotation))
    arm.move_to_joints(state.joints + 0.05, 0.5)
    assert arm.observe().joints == pytest.approx(state.joints + 0.05, abs=0.01)
    arm.move_to_tool(ToolTarget(state.position, state.rotation), 0.2)
    assert soon(lambda: np.linalg.norm(arm.observe().position - state.position) < 0.002)


def test_a_reset_can_be_stopped_on_its_way(arm):
    state = arm.observe()
    stopper = threading.Timer(0.5, arm.stop)
    stopper.start()
    with pytest.raises(RobotFault, match="stopped on its way"):
        arm.move_to_joints(state.joints + 0.5, 0.02)
    stopper.join()
    assert arm.observe().mode == "stopped"
    assert np.abs(arm.observe().joints - state.joints).max() < 0.4


@pytest.mark.parametrize("speed", [0.0, 1.5, float("nan")])
def test_a_speed_that_is_none_is_refused(arm, speed):
    with pytest.raises(RobotFault, match="speed is to lie in"):
        arm.move_to_joints(arm.observe().joints, speed)


def test_the_hand_goes_to_widths_without_waiting_and_stops(server):
    hand = FrankaHand(ADDRESS, speed=0.05, **PATIENT)
    try:
        assert hand.send(1.0) == pytest.approx(0.08)
        assert hand.observe().moving
        assert hand.send(0.03) == pytest.approx(0.03)  # the first order is broken off
        assert soon(lambda: abs(hand.observe().width - 0.03) < 0.003)
        assert soon(lambda: not hand.observe().moving)
        assert not hand.observe().holds  # it closed on nothing
        hand.send(0.07)
        hand.stop()
        assert not hand.observe().moving and hand.observe().fault == ""
        hand.recover()
        with pytest.raises(RobotFault, match="a width that is none"):
            hand.send(float("inf"))
    finally:
        hand.close()


def test_a_lost_link_is_told_within_the_timeout_and_recover_connects_anew(server, connected):
    """Last, for it ends the server."""
    arm = connected
    try:
        state = arm.observe()
        arm.send(ToolTarget(state.position, state.rotation))
        server.kill()
        server.wait()
        arm._timeout = 1.0
        begun = time.monotonic()
        with pytest.raises(RobotFault, match=f"arm at {ADDRESS}"):
            while time.monotonic() < begun + 60:
                arm.observe()
                time.sleep(0.02)
        with pytest.raises(RobotFault):
            arm.send(ToolTarget(state.position, state.rotation))
            arm.stop()
        arm._timeout = 10.0
        with pytest.raises(RobotFault, match="refused"):
            arm.recover()  # nobody is there
        again = start_server()
        try:
            arm.recover()
            assert arm.observe().mode == "idle"
        finally:
            again.kill()
            again.wait()
    finally:
        arm._timeout = 10.0
