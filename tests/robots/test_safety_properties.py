"""Whatever enters the safety filter: no command that leaves it breaks a limit, and everything is logged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expertgen.geometry import rotation_log, rotation_to_6d
from expertgen.params import load_params
from expertgen.robots.interpolation import rotation_exp
from expertgen.robots.kinematics import Tool, forward
from expertgen.robots.limits import Limits
from expertgen.robots.robot import ArmState, GripperState, ToolTarget
from expertgen.robots.safety import CHECKS, SafetyFilter, decide
from expertgen.robots.safety_data import Decision, Given, Outcome
from expertgen.robots.safety_joints import refused

HOME = np.array([0.0, -np.pi / 4, 0.0, -3 * np.pi / 4, 0.0, np.pi / 2, np.pi / 4])
TOOL = Tool(np.array([0.0, 0.0, 0.1034]), np.eye(3))
LIMITS = Limits(load_params(Path(__file__).parents[2] / "params.yaml").robot)
START = 10.0

any_float = st.floats(allow_nan=True, allow_infinity=True, width=64)
small = st.floats(-0.2, 0.2)


def state(joints: np.ndarray, time: float, **values: object) -> ArmState:
    position, rotation, _ = forward(joints, TOOL)
    told = {"joints": joints, "joint_velocities": np.zeros(7), "position": position, "rotation": rotation,
            "wrench": np.zeros(6), "external_torques": np.zeros(7), "mode": "moving"}  # fmt: skip
    return ArmState(time=time, **(told | values))


def vectors(n: int, numbers: st.SearchStrategy[float]) -> st.SearchStrategy[np.ndarray]:
    return st.lists(numbers, min_size=n, max_size=n).map(lambda values: np.array(values, dtype=np.float64))


@st.composite
def sane_actions(draw: st.DrawFn) -> np.ndarray:
    """Poses near the start, some of them far, turned about any axis."""
    position, rotation, _ = forward(HOME, TOOL)
    scale = draw(st.sampled_from([0.1, 0.5, 1.0, 5.0]))
    moved = position + scale * draw(vectors(3, small))
    turned = rotation @ rotation_exp(scale * draw(vectors(3, small)))
    return np.concatenate([moved, rotation_to_6d(turned), [draw(st.floats(-1.2, 1.2))]])


actions = st.one_of(
    sane_actions(), sane_actions(), vectors(10, any_float), vectors(9, small), st.none(), st.just("go"),
    st.just([[1.0]]), st.just(np.zeros((8, 10))), st.just([1j] * 10), st.just({}), vectors(10, st.floats(-1, 1)),
)  # fmt: skip
ages = st.one_of(st.floats(0, 0.04), st.floats(0, 0.04), st.floats(-1, 2), any_float)


@st.composite
def arms(draw: st.DrawFn, now: float) -> ArmState | None:
    """Mostly an arm near its start; sometimes one that lies, is hurt, or is not there."""
    joints = HOME + draw(vectors(7, st.floats(-0.15, 0.15)))
    time = now - draw(ages)
    lies = ["", "", "", "", "nan", "force", "torque", "mode", "error", "none", "shape", "far", "jump"]
    lie = draw(st.sampled_from(lies))
    if lie == "none":
        return None
    if lie == "nan":
        return replace(state(joints, time), joints=np.where(np.arange(7) == draw(st.integers(0, 6)), np.nan, joints))
    hurt = {
        "force": lambda: {"wrench": draw(vectors(6, st.floats(-80, 80)))},
        "torque": lambda: {"external_torques": draw(vectors(7, st.floats(-60, 60)))},
        "mode": lambda: {"mode": draw(st.sampled_from(["reflex", "stopped", "idle", "unheard of"]))},
        "error": lambda: {"errors": ("cartesian_reflex",)},
        "shape": lambda: {"position": np.zeros(2)},
        "jump": lambda: {"position": draw(vectors(3, small))},
    }
    return state(joints * 3 if lie == "far" else joints, time, **(hurt[lie]() if lie in hurt else {}))


@st.composite
def entering(draw: st.DrawFn, standing: ToolTarget, now: float) -> Given:
    grippers = [GripperState(now, 0.08, False, False), GripperState(now - 9, 0.0, False, True),
                GripperState(now, 0.0, False, False, "0x05")]  # fmt: skip
    gripper = draw(st.sampled_from([None, *grippers]))
    nowhere = ToolTarget(standing.position * np.nan, standing.rotation)
    return Given(
        now, draw(actions), now - draw(ages), now - draw(ages), draw(arms(now)), gripper,
        draw(st.sampled_from([standing, standing, standing, nowhere])),
        draw(st.one_of(st.just(np.zeros(6)), vectors(6, st.floats(-0.5, 0.5)), vectors(6, any_float))),
        blind=draw(st.sampled_from(["", "", "a camera is lost"])),
        faults=draw(st.sampled_from([(), (), (), ("link lost",)])),
    )  # fmt: skip


def ready(log: list | None = None) -> SafetyFilter:
    found = SafetyFilter(LIMITS, None if log is None else log.append)
    found.begin(state(HOME, START))
    return found


def assert_within_limits(decision: Decision, given: Given, filter_: SafetyFilter) -> None:
    if decision.outcome == Outcome.STOP:
        assert decision.target is None and decision.gripper is None
        return
    target, standing = decision.target, given.standing
    assert np.isfinite(target.position).all() and np.isfinite(target.rotation).all() and decision.seconds >= 0
    np.testing.assert_allclose(target.rotation @ target.rotation.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(target.rotation) > 0
    assert (target.position >= LIMITS.box[0]).all() and (target.position <= LIMITS.box[1]).all()
    far = np.linalg.norm(target.position - standing.position)
    turn = np.linalg.norm(rotation_log(standing.rotation.T @ target.rotation))
    assert far <= LIMITS.params.step.position and turn <= LIMITS.params.step.rotation + 1e-9
    if decision.outcome < Outcome.HOLD:
        assert far <= LIMITS.params.speed.position * decision.seconds
        assert turn <= LIMITS.params.speed.rotation * decision.seconds + 1e-9
        assert -1 <= decision.gripper <= 1
    else:
        assert decision.gripper is None
    if far > 1e-9 or turn > 1e-9:  # it moves: then no joint comes near a limit
        assert refused(given, target, LIMITS, filter_._memory) == ""


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_command_that_leaves_the_filter_breaks_a_limit(data: st.DataObject) -> None:
    """A sequence of anything, in which what left is where the arm stands next."""
    log: list[dict] = []
    tested = ready(log)
    position, rotation, _ = forward(HOME, TOOL)
    standing, now, stopped, count = ToolTarget(position, rotation), START, False, 0
    for _ in range(data.draw(st.integers(1, 4))):
        now += data.draw(st.one_of(st.just(0.1), st.floats(-0.2, 1.0)))
        given_ = data.draw(entering(standing, now))
        decision = tested.decide(given_)
        count += 1
        assert_within_limits(decision, given_, tested)
        assert not stopped or decision.outcome == Outcome.STOP  # nobody recovered it
        stopped = stopped or decision.outcome == Outcome.STOP
        assert bool(tested.latched) == stopped
        standing = decision.target or standing
        # Complete: every check in order, and all of it plain JSON.
        assert tuple(finding.check for finding in decision.findings) == CHECKS
        assert decision.outcome == max(finding.outcome for finding in decision.findings)
        assert json.loads(json.dumps(log[-1], allow_nan=False))["outcome"] == decision.outcome.name.lower()
        if decision.outcome > Outcome.PASS:
            assert decision.why
    assert len(log) == count + 1


@settings(max_examples=25, deadline=None)
@given(action=sane_actions())
def test_what_left_the_filter_passes_it_unchanged(action: np.ndarray) -> None:
    memory = ready()._memory
    position, rotation, _ = forward(HOME, TOOL)
    now, arm = START + 0.1, state(HOME, START + 0.1)
    given_ = Given(now, action, now, now, arm, None, ToolTarget(position, rotation), np.zeros(6))
    first, _ = decide(given_, memory, LIMITS)
    if first.outcome >= Outcome.HOLD:
        return
    left = np.concatenate([first.target.position, rotation_to_6d(first.target.rotation), [first.gripper]])
    again, _ = decide(Given(now, left, now, now, arm, None, given_.standing, np.zeros(6)), memory, LIMITS)
    assert again.outcome == Outcome.PASS
    np.testing.assert_allclose(again.target.position, first.target.position, atol=1e-12)
    np.testing.assert_allclose(again.target.rotation, first.target.rotation, atol=1e-9)


def test_a_check_that_fails_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("expertgen.robots.safety.ages", broken)
    position, rotation, _ = forward(HOME, TOOL)
    tested = ready()
    decision = tested.decide(Given(START, None, START, START, state(HOME, START), None, ToolTarget(position, rotation),
                                   np.zeros(6)))  # fmt: skip
    assert decision.outcome == Outcome.STOP and decision.target is None and "ZeroDivisionError" in tested.latched
