"""Interpolation, chunks, kinematics, eyes, processes: the parts of the control loop."""

from __future__ import annotations

import functools
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import robot_faults_kinematic as kinematic
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from expertgen.errors import InvalidParameter
from expertgen.geometry import rotation_log
from expertgen.params import load_params
from expertgen.robots.control_eyes import CameraEyes
from expertgen.robots.control_process import ProcessPolicy
from expertgen.robots.interpolation import Interpolator, between, rotation_exp
from expertgen.robots.kinematics import forward, solve, tool_of
from expertgen.robots.robot import ToolTarget
from expertgen.scenes import panda_model
from expertgen.sims.kinematics import Kinematics

ROOT = Path(__file__).parents[2]


def test_the_kinematics_are_those_of_the_simulation():
    joints = kinematic.HOME + np.linspace(-0.3, 0.4, 7)
    position, rotation, jacobian = forward(joints, kinematic.TOOL)
    simulated = Kinematics()
    expected_position, expected_rotation = simulated.forward(joints[None])
    np.testing.assert_allclose(position, expected_position[0], atol=1e-12)
    np.testing.assert_allclose(rotation, expected_rotation[0], atol=1e-12)
    np.testing.assert_allclose(jacobian, simulated.jacobian(joints[None])[0], atol=1e-12)
    np.testing.assert_allclose(tool_of(joints, position, rotation).position, [0, 0, panda_model.TCP_OFFSET], atol=1e-12)
    found = solve(joints, position + 0.03, rotation @ rotation_exp(np.array([0.1, 0, -0.1])), kinematic.TOOL)
    assert found.position_error < 1e-3 and found.rotation_error < 3e-3


vector = st.lists(st.floats(-3, 3), min_size=3, max_size=3).map(np.array)


@settings(max_examples=30, deadline=None)
@given(vector, vector, vector, vector, st.floats(0, 1))
def test_between_two_poses_the_way_is_straight_and_the_arc_the_shortest(a, b, r, s, share):
    start, end = ToolTarget(a, rotation_exp(r)), ToolTarget(b, rotation_exp(s))
    np.testing.assert_allclose(start.rotation, Rotation.from_rotvec(r).as_matrix(), atol=1e-12)
    found = between(start, end, share)
    np.testing.assert_allclose(found.position, a + share * (b - a), atol=1e-12)
    assert (found.position >= np.minimum(a, b)).all() and (found.position <= np.maximum(a, b)).all()
    whole = np.linalg.norm(rotation_log(start.rotation.T @ end.rotation))
    if whole < 3.1:  # near a half turn two arcs are equally short
        gone = np.linalg.norm(rotation_log(start.rotation.T @ found.rotation))
        np.testing.assert_allclose(gone, share * whole, atol=1e-6)


@pytest.mark.parametrize(("profile", "peak"), [("linear", 1.0), ("quintic", 1.875)])
def test_segments_begin_and_end_where_and_as_fast_as_they_are_said_to(profile, peak):
    start = ToolTarget(np.zeros(3), np.eye(3))
    end = ToolTarget(np.array([0.1, 0, 0]), rotation_exp(np.array([0, 0, 0.2])))
    play = Interpolator(start, profile)
    play.go(start, end, 1.0, 0.5)
    times = np.linspace(1.0, 1.5, 501)
    way = np.array([play.at(t).position[0] for t in times])
    speeds = np.diff(way) / np.diff(times)
    assert way[0] == 0 and way[-1] == 0.1 and play.done(1.5) and not play.done(1.49)
    assert speeds.max() == pytest.approx(0.2 * peak, rel=1e-3)
    np.testing.assert_allclose(play.velocity(1.25), [0.2 * peak, 0, 0, 0, 0, 0.4 * peak], atol=1e-9)
    assert not play.velocity(1.6).any()
    play.brake(end, ToolTarget(np.array([0.11, 0, 0]), end.rotation), 1.5, 0.1)
    np.testing.assert_allclose(play.velocity(1.5)[0], 0.2)
    np.testing.assert_allclose(play.velocity(1.6), 0, atol=1e-12)


def test_a_picture_that_stands_still_while_the_arm_moves_is_told_of():
    world = kinematic.KinematicWorld()
    camera = kinematic.NoiseCamera(world, "camera1")
    eyes = CameraEyes([camera], lambda frames, arm, gripper: None, 0.02)
    still = camera.observe()
    told = []
    camera.observe = lambda: replace(still, number=still.number + len(told), time=world.now())
    for step in range(4):
        world.joints = kinematic.HOME + 0.009 * step
        told.append(eyes.watch(world.observe())[1])
    assert told[:3] == ["", "", ""] and "camera1 stands still" in told[3]


def waited(asker, number, seen):
    assert asker.ask(number, seen, 0.0)
    end = time.monotonic() + 60
    while (answer := asker.answer(0.0)) is None and time.monotonic() < end:
        time.sleep(0.01)
    return answer


def test_a_process_that_ends_is_told_of():
    asker = ProcessPolicy(functools.partial, eval)
    assert "has ended" in waited(asker, 1, "__import__('os')._exit(3)").fault
    asker.close()


def test_a_policy_in_a_process_of_its_own_may_raise_and_hang():
    asker = ProcessPolicy(functools.partial, eval)  # its answer is what it is shown, evaluated
    assert waited(asker, 1, "[1] * 10").chunk == [1] * 10
    assert "ZeroDivisionError" in waited(asker, 2, "1 / 0").fault
    assert asker.ask(3, "__import__('signal').pause()", 0.0)
    assert not asker.ask(4, "1", 0.0) and asker.answer(0.0) is None
    asker.close()
    assert not asker._process.is_alive()


LOOP_THAT_HANGS = """
import time
from expertgen.robots.watchdog import Supervisor
supervisor = Supervisor(0.5)
for _ in range(3):
    supervisor.beat()
    time.sleep(0.01)
time.sleep(120)
"""


def test_the_supervisor_ends_a_process_that_gives_no_sign():
    ended = subprocess.run([sys.executable, "-c", LOOP_THAT_HANGS], timeout=100, cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL


def test_the_supervisor_goes_when_it_is_dismissed():
    code = LOOP_THAT_HANGS.replace("0.5", "60").replace("time.sleep(120)", "supervisor.close()")
    assert subprocess.run([sys.executable, "-c", code], timeout=100, cwd=ROOT).returncode == 0


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("rates.control", 20, "<= 15"),
        ("rates.stream", 50, ">= 100"),
        ("workspace.low", [0.2, 0.6, 0.0], "robot.workspace.high"),
        ("workspace.high", [1.0], "three, in m"),
        ("braking.position", 1.0, "within a control period"),
        ("step.position", 0.3, "robot.jump.position"),
        ("ages.camera", 0.3, "within two control periods"),
        ("ages.action", 0.5, "last action of a chunk"),
        ("policy.ahead", 8, "robot.policy.execute - 1"),
        ("policy.patience", 0.2, "a control period"),
        ("contact.force.hold", 90.0, "robot.contact.force.stop"),
        ("contact.joints", [1.0], "7, in Nm"),
        ("joints.margin", 2.0, "two margins"),
        ("joints.panda.speed", [1.0], "one for each joint"),
        ("arm", "ur5", "panda"),
    ],
)
def test_contradictory_parameters_are_refused(tmp_path, key, value, word):
    values = yaml.safe_load((ROOT / "params.yaml").read_text())
    section, *path = values["robot"], *key.split(".")
    for name in path[:-1]:
        section = section[name]
    section[path[-1]] = value
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    with pytest.raises(InvalidParameter) as error:
        load_params(tmp_path / "params.yaml")
    assert f"robot.{key.split('.')[0]}" in str(error.value) and word in str(error.value)
