"""The control loop over a robot of pure Python, in its own time; and what happens when something hangs."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import robot_faults
import robot_faults_kinematic as kinematic
from robot_faults_injector import KINDS

from expertgen.params import load_params
from expertgen.robots.control import ControlLoop
from expertgen.robots.control_clock import WallClock
from expertgen.robots.control_eyes import CameraEyes
from expertgen.robots.control_policy import InlinePolicy, ThreadPolicy
from expertgen.robots.faults import RobotFault

PARAMS = load_params(Path(__file__).parents[2] / "params.yaml").robot


def loop_over(rig, asker=None, params=PARAMS, log=None, **more):
    eyes = CameraEyes(rig.cameras, rig.picture, params.frozen_travel)
    return ControlLoop(rig.arm, rig.gripper, eyes, asker or InlinePolicy(rig.policy), rig.clock, params, log, **more)


@pytest.fixture
def rig():
    return kinematic.make(0, PARAMS)


def decisions(log):
    return [entry for entry in log if entry["event"] == "decision"]


@pytest.mark.parametrize("interpolation", ["linear", "quintic"])
def test_the_arm_is_led_through_a_chunk_at_the_rates_that_are_asked_for(rig, interpolation):
    log, sent = [], []
    send = rig.arm.send
    rig.arm.send = lambda target: (sent.append((rig.clock.now(), target)), send(target))[1]
    params = replace(PARAMS, interpolation=interpolation)
    ended = loop_over(rig, params=params, log=log.append).run(1.0)
    assert ended.how == "time" and {entry["outcome"] for entry in decisions(log)} <= {"pass", "clamp"}
    assert len(decisions(log)) == 10
    gaps = np.diff([moment for moment, _ in sent])
    assert gaps.max() <= 0.01 + 1e-9
    speeds = np.linalg.norm(np.diff([target.position for _, target in sent], axis=0), axis=1) / gaps
    assert 0.05 < speeds.max() <= PARAMS.speed.position * 1.001
    np.testing.assert_allclose(sent[-1][1].position, decisions(log)[-1]["target"]["position"], atol=1e-9)


def test_the_gripper_is_told_of_changes_alone(rig):
    told, send = [], rig.gripper.send
    rig.gripper.send = lambda width: (told.append(width), send(width))[1]
    chunk = rig.policy((rig.clock.now(), rig.arm.observe().position))
    chunk[:, 9] = [-1, -1, 0.9, 1, 1, 1, -0.2, -1]
    loop_over(rig, InlinePolicy(lambda seen: chunk), replace(PARAMS, gripper_wait=0.0)).run(0.75)
    assert told == [0.08, 0.0, 0.08]


def test_an_answer_within_the_loop_s_patience_is_no_fault(rig):
    log = []
    loop_over(rig, InlinePolicy(rig.policy, latency=0.06), log=log.append).run(1.5)
    assert {entry["outcome"] for entry in decisions(log)} <= {"pass", "clamp"}


def test_asking_ahead_skips_the_actions_that_have_gone_by(rig):
    params = replace(PARAMS, policy=replace(PARAMS.policy, ahead=1))
    log = []
    loop_over(rig, InlinePolicy(rig.policy, latency=0.06), params, log.append).run(1.7)
    times = np.diff([entry["time"] for entry in decisions(log)])
    assert {entry["outcome"] for entry in decisions(log)} <= {"pass", "clamp"}
    np.testing.assert_allclose(times[1:], 0.1, atol=0.011)  # it never waits


@pytest.mark.parametrize("kind", ["action: NaN", "policy: hangs", "camera: frozen", "arm: reflex"])
def test_a_fault_ends_in_hold_or_stop_within_two_periods(kind):
    result = robot_faults.inject(kind, 1 + list(KINDS).index(kind), 3, kinematic.make, PARAMS)
    assert result.outcome == ("stop" if kind == "arm: reflex" else "hold")
    assert result.decided <= 2 and not result.broken and not result.early


def test_motion_goes_on_after_a_hold(rig):
    policies, log = iter([rig.policy, lambda seen: np.full((8, 10), np.nan)]), []
    loop = loop_over(rig, InlinePolicy(lambda seen: next(policies, rig.policy)(seen)), log=log.append)
    assert loop.run(0.5).how == "time"  # the first answer is asked for before anything moves
    outcomes = [entry["outcome"] for entry in decisions(log)]
    assert outcomes[0] == "hold" and set(outcomes[1:]) <= {"pass", "clamp"}


def test_a_person_recovers_a_stopped_arm(rig):
    log = []
    loop = loop_over(rig, log=log.append)
    ended = loop.run(1.0, done=lambda: (loop.stop("Ada"), False)[1])
    assert ended.how == "stopped" and "Ada" in ended.said and rig.arm.mode == "stopped"
    with pytest.raises(RobotFault, match="person"):
        loop.run(0.2)
    with pytest.raises(RobotFault, match="no name"):
        loop.recover("")
    loop.recover("Ada")
    assert loop.run(0.2).how == "time"
    assert {"begin", "decision", "stop", "recover", "ended"} <= {entry["event"] for entry in log}


def test_an_interruption_stops_the_arm(rig):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loop_over(rig).run(1.0, done=interrupted)
    assert rig.arm.mode == "stopped"


def test_a_policy_that_never_worked_moves_nothing(rig):
    def broken(seen):
        raise ValueError("no weights")

    with pytest.raises(RobotFault, match="no weights"):
        loop_over(rig, InlinePolicy(broken)).run(1.0)
    assert rig.arm.mode == "idle"


class Hardware(kinematic.KinematicWorld):
    """The same arm in wall time."""

    def now(self):
        return time.monotonic()

    def observe(self):
        super().sleep_until(time.monotonic())
        return replace(super().observe(), time=time.monotonic())


@pytest.fixture
def hardware():
    world = Hardware()
    world._now = time.monotonic()
    cameras = [kinematic.NoiseCamera(WallClock(), "camera1")]
    gripper, policy = kinematic.KinematicGripper(WallClock()), kinematic.wandering(0, 0.1)
    return kinematic.Rig(world, gripper, cameras, WallClock(), policy,
                         lambda frames, arm, gripper: (arm.time, arm.position))  # fmt: skip


# Limits on ages that a busy machine keeps: what is tested is that the loop goes on, not how soon.
PATIENT = replace(PARAMS, ages=replace(PARAMS.ages, arm=5.0, gripper=5.0, camera=5.0, action=9.0),
                  abort=replace(PARAMS.abort, holds=2, seconds=60.0))  # fmt: skip


def test_a_policy_that_hangs_does_not_hang_the_loop(hardware):
    hang, calls = threading.Event(), []

    def policy(seen):
        calls.append(seen)
        if len(calls) > 1:
            hang.wait()
        return hardware.policy(seen)

    asker = ThreadPolicy(policy)
    ended = loop_over(hardware, asker, PATIENT).run(60.0)
    assert ended.how == "stopped" and "holds within" in ended.said and hardware.arm.mode == "stopped"
    assert not asker.ask(9, None, 0.0)  # the thread is still kept by the call that hangs
    hang.set()
    asker.close()


def test_the_watchdog_stops_an_arm_whose_driver_hangs(hardware):
    released, observe, calls = threading.Event(), hardware.arm.observe, []

    def hanging():
        calls.append(1)
        if len(calls) == 20:
            released.wait(60)
        return observe()

    stop = hardware.arm.stop
    hardware.arm.observe = hanging
    hardware.arm.stop = lambda: (stop(), released.set())  # by the watchdog's thread, while observe hangs
    params = replace(PATIENT, abort=PARAMS.abort)
    ended = loop_over(hardware, ThreadPolicy(hardware.policy), params, watched=True).run(60.0)
    assert ended.how == "stopped" and hardware.arm.mode == "stopped"
    assert "no sign" in ended.said or "stopped" in ended.said
