"""Each check of the safety filter by itself, in the order in which they come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from expertgen.geometry import rotation_to_6d
from expertgen.params import load_params
from expertgen.robots.faults import RobotFault
from expertgen.robots.interpolation import rotation_exp
from expertgen.robots.kinematics import Tool, forward
from expertgen.robots.limits import Limits
from expertgen.robots.robot import ArmState, GripperState, ToolTarget
from expertgen.robots.safety import CHECKS, SafetyFilter
from expertgen.robots.safety_data import Given, Outcome
from expertgen.robots.safety_log import JsonLines, plain

HOME = np.array([0.0, -np.pi / 4, 0.0, -3 * np.pi / 4, 0.0, np.pi / 2, np.pi / 4])
TOOL = Tool(np.array([0.0, 0.0, 0.1034]), np.eye(3))
LIMITS = Limits(load_params(Path(__file__).parents[2] / "params.yaml").robot)
POSITION, ROTATION, _ = forward(HOME, TOOL)
NOW = 5.0


def felt(*wrench: float) -> dict:
    return {"arm": replace(ARM, wrench=np.array(wrench))}


ARM = ArmState(NOW, HOME, np.zeros(7), POSITION, ROTATION, np.zeros(6), np.zeros(7), "moving")


@pytest.fixture
def tested() -> SafetyFilter:
    found = SafetyFilter(LIMITS)
    found.begin(replace(ARM, time=NOW - 0.1))
    return found


def action(way: tuple[float, float, float] = (0.02, 0.0, 0.0), turn: tuple[float, float, float] = (0.0, 0.0, 0.0),
           gripper: float = 1.0) -> np.ndarray:  # fmt: skip
    turned = ROTATION @ rotation_exp(np.array(turn))
    return np.concatenate([POSITION + way, rotation_to_6d(turned), [gripper]])


def given(what: object, **values: object) -> Given:
    usual = Given(NOW, what, NOW, NOW, ARM, None, ToolTarget(POSITION, ROTATION), np.zeros(6))
    return replace(usual, **values)


def with_values(index: int, value: float) -> np.ndarray:
    spoilt = action()
    spoilt[index] = value
    return spoilt


def test_a_small_step_passes_as_it_is(tested):
    decision = tested.decide(given(action()))
    assert decision.outcome == Outcome.PASS and not decision.braking and decision.gripper == 1.0
    np.testing.assert_allclose(decision.target.position, POSITION + np.array([0.02, 0, 0]))
    assert decision.seconds == pytest.approx(0.1)
    assert tuple(finding.check for finding in decision.findings) == CHECKS


@pytest.mark.parametrize(
    ("what", "values", "check", "outcome"),
    [
        (with_values(1, np.nan), {}, "finite", Outcome.HOLD),
        (with_values(9, np.inf), {}, "finite", Outcome.HOLD),
        (np.zeros(9), {}, "finite", Outcome.HOLD),
        ("forward", {}, "finite", Outcome.HOLD),
        (np.zeros(10), {}, "finite", Outcome.HOLD),  # no rotation
        (action(), {"arm": replace(ARM, joints=HOME * np.nan)}, "finite", Outcome.STOP),
        (action(), {"now": float("nan")}, "finite", Outcome.STOP),
        (action(), {"arm": None}, "finite", Outcome.STOP),
        (action(), {"arm": replace(ARM, time=NOW - 0.06)}, "age", Outcome.HOLD),
        (action(), {"cameras": NOW - 0.2}, "age", Outcome.HOLD),
        (action(), {"cameras": NOW + 1}, "age", Outcome.HOLD),
        (action(), {"blind": "the camera 12 is lost"}, "age", Outcome.HOLD),
        (action(), {"seen": NOW - 1.3}, "age", Outcome.HOLD),
        (action(), {"gripper": GripperState(NOW - 1, 0.08, False, False)}, "age", Outcome.HOLD),
        (action(), {"now": NOW - 0.5, "seen": NOW - 0.5}, "age", Outcome.HOLD),
        (action((0.0, 0.0, -0.6)), {}, "workspace", Outcome.HOLD),
        (action((0.0, 0.15, 0.2)), {}, "step", Outcome.HOLD),
        (action((0.07, 0.0, 0.0)), {}, "step", Outcome.CLAMP),
        (action(turn=(0.0, 0.0, 0.3)), {}, "step", Outcome.CLAMP),
        (action(turn=(0.0, 0.9, 0.0)), {}, "step", Outcome.HOLD),
        (action(), {"arm": replace(ARM, position=POSITION + 0.02)}, "joints", Outcome.HOLD),
        (action((-0.01, 0.0, 0.0)), felt(35.0, 0.0, 0.0, 0.0, 0.0, 0.0), "contact", Outcome.HOLD),
        (action(), felt(0.0, 0.0, 0.0, 0.0, 16.0, 0.0), "contact", Outcome.HOLD),
        (action(), felt(61.0, 0.0, 0.0, 0.0, 0.0, 0.0), "contact", Outcome.STOP),
        (action(), {"arm": replace(ARM, external_torques=np.full(7, 25.0))}, "contact", Outcome.STOP),
        (action(), {"arm": replace(ARM, mode="reflex")}, "contact", Outcome.STOP),
        (action(), {"arm": replace(ARM, mode="stopped")}, "contact", Outcome.STOP),
        (action(), {"arm": replace(ARM, errors=("power_limit_violation",))}, "contact", Outcome.STOP),
        (action(), {"gripper": GripperState(NOW, 0.08, False, False, "0x05")}, "contact", Outcome.STOP),
        (None, {"missing": "the policy has not answered for 0.1 s"}, "late", Outcome.HOLD),
        (action(), {"faults": ("arm: the link is lost",)}, "latch", Outcome.STOP),
    ],
)  # fmt: skip
def test_each_check_finds_what_it_is_for(tested, what, values, check, outcome):
    decision = tested.decide(given(what, **values))
    assert decision.outcome == outcome
    found = next(finding for finding in decision.findings if finding.outcome == outcome)
    assert found.check == check and found.why and check in decision.why


def test_a_little_outside_of_the_workspace_is_clamped_onto_it():
    lower = replace(LIMITS.params.workspace, high=(0.8, 0.5, float(POSITION[2]) + 0.01))
    limits = Limits(replace(LIMITS.params, workspace=lower))
    tested = SafetyFilter(limits)
    tested.begin(replace(ARM, time=NOW - 0.1))
    decision = tested.decide(given(action((0.0, 0.0, 0.03))))
    assert decision.outcome == Outcome.CLAMP and decision.target.position[2] == limits.box[1][2]


def test_who_is_pushed_may_give_way(tested):
    pushed = replace(ARM, wrench=np.array([35.0, 0, 0, 0, 0, 0]))
    assert tested.decide(given(action((0.02, 0, 0)), arm=pushed)).outcome == Outcome.PASS


def test_motion_towards_a_joint_limit_ends_before_it():
    near = HOME.copy()
    near[6] = LIMITS.joints[1][6] - 0.03
    position, rotation, _ = forward(near, TOOL)
    arm = replace(ARM, joints=near, position=position, rotation=rotation)
    tested = SafetyFilter(LIMITS)
    tested.begin(replace(arm, time=NOW - 0.1))
    what = np.concatenate([position, rotation_to_6d(rotation @ rotation_exp(np.array([0, 0, 0.14]))), [0.0]])
    decision = tested.decide(given(what, arm=arm, standing=ToolTarget(position, rotation)))
    assert decision.outcome in (Outcome.CLAMP, Outcome.HOLD) and "joint 7" in decision.why


def test_a_stale_target_comes_to_rest_a_little_farther_on(tested):
    moving = given(None, velocity=np.array([0.25, 0, 0, 0, 0, 0.5]))
    decision = tested.decide(moving)
    assert decision.outcome == Outcome.HOLD and decision.braking and decision.seconds == pytest.approx(0.05)
    np.testing.assert_allclose(decision.target.position, POSITION + np.array([0.25**2 / 2 / 5, 0, 0]), atol=1e-9)


def test_so_many_holds_stop_the_arm(tested):
    times = [NOW + 0.1 * i for i in range(11)]
    outcomes = [tested.decide(given(None, now=t, cameras=t, arm=replace(ARM, time=t))).outcome for t in times]
    assert outcomes == [Outcome.HOLD] * 9 + [Outcome.STOP] * 2


def test_holds_of_long_ago_are_forgiven(tested):
    times = [NOW + 0.6 * i for i in range(30)]
    outcomes = {tested.decide(given(None, now=t, cameras=t, arm=replace(ARM, time=t))).outcome for t in times}
    assert outcomes == {Outcome.HOLD}


def test_nothing_moves_after_a_stop_until_a_person_says_so(tested):
    tested.decide(given(action(), arm=replace(ARM, mode="reflex")))
    assert tested.decide(given(action())).outcome == Outcome.STOP
    with pytest.raises(RobotFault, match="person"):
        tested.begin(ARM)
    with pytest.raises(RobotFault, match="no name"):
        tested.recover(" ", ARM)
    with pytest.raises(RobotFault, match="mode reflex"):
        tested.recover("Ada", replace(ARM, mode="reflex"))
    assert tested.latched
    tested.recover("Ada", ARM)
    assert tested.decide(given(action())).outcome == Outcome.PASS


@pytest.mark.parametrize(
    ("arm", "word"),
    [
        (replace(ARM, position=POSITION * np.nan), "NaN"),
        (replace(ARM, position=np.array([0.0, 0.0, 1.0])), "outside of the workspace"),
        (replace(ARM, errors=("self_collision",)), "self_collision"),
    ],
)
def test_no_motion_begins_where_the_filter_would_never_allow_it(arm, word):
    tested = SafetyFilter(LIMITS)
    with pytest.raises(RobotFault, match=word):
        tested.begin(arm)
    assert tested.decide(given(action())).outcome == Outcome.STOP


def test_the_log_holds_what_entered_whatever_it_was(tmp_path, tested):
    path = tmp_path / "a" / "log.jsonl"
    with JsonLines(path) as log:
        tested._log = log
        tested.decide(given(with_values(0, np.nan)))
        tested.decide(given({"not": "an action"}))
    with JsonLines(path) as log:
        log({"event": "again"})
    lines = path.read_text().splitlines()
    assert len(lines) == 3 and '"nan"' in lines[0] and "a dict" in lines[1]


def test_plain_values_are_small_and_finite():
    assert plain([1, 2.5, np.float32(2), np.inf, None, True, Outcome.HOLD]) == [1, 2.5, 2.0, "inf", None, True, "hold"]
    assert plain(np.zeros((100, 100))) == "array of shape (100, 100), float64"
