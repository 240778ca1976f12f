"""An arm waits for its fingers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import robot_faults_kinematic as kinematic

from expertgen.robots.control_fingers import Fingers
from expertgen.robots.control_policy import InlinePolicy
from expertgen.robots.robot import GripperState
from tests.robots.test_control_loop import PARAMS, decisions, loop_over


def closing(log, wait):
    """Decisions of a run in which the hand is told to close with the third action of each chunk."""
    rig = kinematic.make(0, PARAMS)
    act, asked = rig.policy, []

    def policy(seen):
        asked.append(rig.clock.now())
        chunk = act(seen)
        chunk[:, 9] = np.where(np.arange(8) < 2, -1, 1) if len(asked) < 3 else 1  # the first answer is dropped
        return chunk

    params = replace(PARAMS, gripper_wait=wait)
    loop_over(rig, InlinePolicy(policy), params, log.append).run(2.0)
    return decisions(log), asked, rig


def test_the_arm_stays_until_the_fingers_rest_and_the_policy_is_asked_anew():
    log = []
    made, asked, rig = closing(log, 1.5)
    told = next(entry["time"] for entry in log if entry["event"] == "gripper" and entry["asked"] == 0)
    after = next(moment for moment in asked if moment > told + 1e-6)
    assert 0.8 <= after - told < 1.15  # 80 mm at 0.1 m/s, and two looks
    meanwhile = [entry["target"]["position"] for entry in made if told + 0.11 < entry["time"] < after - 1e-6]
    assert len(meanwhile) >= 7 and np.ptp(meanwhile, axis=0).max() < 1e-9  # decided on all the same
    assert rig.gripper.observe().width == 0


def test_without_waiting_the_next_action_comes_a_period_later():
    log = []
    made, _, _ = closing(log, 0.0)
    told = next(entry["time"] for entry in log if entry["event"] == "gripper" and entry["asked"] == 0)
    after = [entry["target"]["position"] for entry in made if told - 1e-6 < entry["time"] < told + 0.45]
    assert np.linalg.norm(np.diff(after, axis=0), axis=1).min() > 1e-3


def test_fingers_that_never_rest_are_waited_for_no_longer_than_said():
    fingers = Fingers(0.5)
    fingers.told(0.0, 10.0, GripperState(10.0, 0.08, False, False))
    states = [GripperState(10 + 0.05 * i, 0.08 - 0.001 * i, True, False) for i in range(30)]
    waited = [one.time for one in states if fingers.moving and fingers.still_on_their_way(one.time, one)]
    assert max(waited) <= 10.5 and not fingers.moving


def test_fingers_that_are_there_already_are_not_waited_for():
    fingers = Fingers(0.5)
    fingers.told(0.08, 10.0, GripperState(10.0, 0.079, False, False))
    assert not fingers.moving
    fingers.told(0.0, 10.0, None)
    assert not fingers.moving
