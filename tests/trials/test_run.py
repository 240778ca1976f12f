"""Running trials: order, blinding, repetitions, faults, and going on after whatever stopped it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from expertgen.errors import CorruptArtifact, IncompatibleArtifact
from expertgen.trials.attempts import attempts_of
from expertgen.trials.layout import EPISODES, LOG, PROTOCOL
from expertgen.trials.log import read_log
from expertgen.trials.operator import Score
from expertgen.trials.order import letters_of, trials_of
from expertgen.trials.record import read_record
from expertgen.trials.recorded import read_recorded
from expertgen.trials.results import results
from tests.trials.made import FAULT, INVALID, STOP, WINS, Person, Robot, go, protocol, record


@pytest.fixture
def fixed(tmp_path):
    return protocol(tmp_path)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "trials" / "first"


def attempts(folder):
    return attempts_of(read_log(folder / LOG)[0])


def events(folder):
    return [entry["event"] for entry in read_log(folder / LOG)[0]]


def test_all_trials_are_run_in_the_drawn_order_and_recorded(folder, fixed):
    robot = Robot(WINS)
    assert go(folder, fixed, robot)
    letters, trials = letters_of(fixed), trials_of(fixed)
    assert [(order.trial, order.checkpoint.as_posix(), order.start.number) for order in robot.orders] == [
        (trial.number, f"nowhere/{letters[trial.letter].checkpoint}", trial.start) for trial in trials
    ]
    assert events(folder) == ["begun", *["started", "ran", "scored"] * 6, "ended"]
    first = read_log(folder / LOG)[0][0]
    assert first["protocol_sha256"] == fixed.sha256 and (folder / PROTOCOL).read_bytes() == fixed.content
    assert sorted(path.name for path in (folder / EPISODES).iterdir()) == [f"{number:03d}-1" for number in range(1, 7)]
    assert sorted(path.name for path in (folder / EPISODES / "001-1").iterdir()) == [
        "front.mp4", "record.json", "record.zarr", "side.mp4"
    ]  # fmt: skip


def test_all_policies_of_a_block_get_the_same_start_and_draws(folder, fixed):
    robot = Robot(WINS)
    go(folder, fixed, robot)
    for first, second in zip(robot.orders[::2], robot.orders[1::2], strict=True):
        assert first.seed == second.seed and first.start is second.start and first.checkpoint != second.checkpoint
    assert len({order.seed for order in robot.orders}) == 3


def test_the_operator_and_the_log_see_letters_and_no_names(folder, fixed):
    person = Person()
    go(folder, fixed, Robot(WINS), person)
    shown = "\n".join(person.shown) + (folder / LOG).read_text()
    assert "policy A" in shown and "policy B" in shown and fixed.terms.success in shown
    assert not [word for word in ("taught", "cloned", "a" * 64, "b" * 64) if word in shown]


def test_a_record_is_read_back_as_it_was_made(folder, fixed):
    made = record()
    go(folder, fixed, Robot(at={1: made}))
    found = read_record(folder / EPISODES / "001-1")
    for field in dataclasses.fields(made):
        ours, theirs = getattr(made, field.name), getattr(found, field.name)
        if isinstance(ours, dict):
            assert ours.keys() == theirs.keys()
            assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
        else:
            assert np.array_equal(ours, theirs) if isinstance(ours, np.ndarray) else ours == theirs


def test_an_invalid_trial_is_repeated_at_once_and_both_are_kept(folder, fixed):
    robot = Robot(WINS)
    assert go(folder, fixed, robot, Person({2: INVALID}))
    assert [(one.trial, one.attempt, one.verdict == "invalid") for one in attempts(folder)][:3] == [
        (1, 1, False), (2, 1, True), (2, 2, False)
    ]  # fmt: skip
    assert robot.orders[1].start is robot.orders[2].start and robot.orders[1].seed != robot.orders[2].seed
    assert (folder / EPISODES / "002-1").is_dir() and (folder / EPISODES / "002-2").is_dir()


def test_repetitions_have_an_end_and_the_start_has_no_result_then(folder, fixed):
    assert go(folder, fixed, person=Person({1: INVALID, 2: INVALID, 3: INVALID}))
    assert [one.trial for one in attempts(folder)] == [1, 1, 1, 2, 3, 4, 5, 6]
    found = results(read_recorded(folder))
    assert len(found["invalid"]) == 3 and [lost["trial"] for lost in found["without_result"]] == [1]
    assert found["paired"][0]["n"] == 2
    assert sorted(policy["success"]["n"] for policy in found["policies"]) == [2, 3]


@pytest.mark.parametrize("counts_as", ["invalid", "failure"])
@pytest.mark.parametrize("partial", [False, True])
def test_a_fault_counts_as_the_protocol_says_whoever_looks_on(tmp_path, folder, counts_as, partial):
    rule = {"rule": "x", "repeats": 1, "after_fault": counts_as}
    fixed = protocol(tmp_path, invalid=rule)
    what = record(fault=str(FAULT), success=None) if partial else FAULT
    assert go(folder, fixed, Robot(WINS, at={1: what}))
    first = attempts(folder)[0]
    assert (first.verdict, first.by) == (counts_as, "protocol") and "reflex" in first.reason
    assert bool(first.record) == partial
    assert len(attempts(folder)) == (7 if counts_as == "invalid" else 6)


def test_a_robot_that_cannot_be_prepared_begins_no_trial(folder, fixed):
    class Broken(Robot):
        def prepare(self, start):
            raise FAULT

    with pytest.raises(type(FAULT)):
        go(folder, fixed, Broken(WINS))
    assert events(folder) == ["begun"] and go(folder, fixed)
    assert len(attempts(folder)) == 6


def test_after_a_stop_it_goes_on_with_the_next_trial(folder, fixed):
    assert not go(folder, fixed, person=Person({3: STOP}))
    before = (folder / LOG).read_bytes()
    robot = Robot(WINS)
    assert go(folder, fixed, robot)
    # The third had run; what was left of it was its score.
    assert [order.trial for order in robot.orders] == [4, 5, 6]
    assert (folder / LOG).read_bytes().startswith(before) and len(attempts(folder)) == 6


def test_a_trial_that_a_kill_cut_short_is_invalid_and_repeated(folder, fixed):
    with pytest.raises(KeyboardInterrupt):
        go(folder, fixed, Robot(WINS, at={3: KeyboardInterrupt()}))
    assert events(folder)[-1] == "started"
    assert go(folder, fixed)
    third = [one for one in attempts(folder) if one.trial == 3]
    assert [(one.verdict == "invalid", one.by) for one in third] == [(True, "program"), (False, "AB")]
    assert "interrupted" in third[0].reason and third[0].record == ""


def test_a_record_that_was_whole_when_the_kill_came_is_taken_up_and_scored(folder, fixed):
    """Killed between the record and its line in the log."""
    assert not go(folder, fixed, person=Person({2: STOP}))
    lines = (folder / LOG).read_text().splitlines(keepends=True)
    assert '"event":"ran"' in lines[-1]
    (folder / LOG).write_text("".join(lines[:-1]))
    assert go(folder, fixed)
    assert len(attempts(folder)) == 6 and not [one for one in attempts(folder) if one.verdict == "invalid"]


def test_killed_at_any_line_it_ends_with_the_same_trials(tmp_path, folder):
    """The log cut after each line, and amid one, with all records still there."""
    fixed = protocol(tmp_path, n=1)
    go(folder, fixed)
    whole = (folder / LOG).read_text().splitlines(keepends=True)
    for cut in range(1, len(whole) + 1):
        for rest in ("", whole[min(cut, len(whole) - 1)][:25]):
            (folder / LOG).write_text("".join(whole[:cut]) + rest)
            assert go(folder, fixed), (cut, rest)
            counted = [one for one in attempts(folder) if one.counts]
            assert [one.trial for one in counted] == [1, 2]
            assert read_recorded(folder).ended


def test_a_changed_protocol_is_refused_and_changes_nothing(tmp_path, folder, fixed):
    go(folder, fixed, person=Person({2: STOP}))
    before = (folder / LOG).read_bytes()
    for change in ({"success": "The banana moved."}, {"n": 4}, {"seed": 8}):
        with pytest.raises(IncompatibleArtifact, match="not changed under way"):
            go(folder, protocol(tmp_path, **change))
    assert (folder / LOG).read_bytes() == before


def test_an_edited_log_is_not_gone_on_with(folder, fixed):
    go(folder, fixed, person=Person({4: STOP}))
    text = (folder / LOG).read_text()
    (folder / LOG).write_text(text.replace('"verdict":"success"', '"verdict":"failure"', 1))
    with pytest.raises(CorruptArtifact, match="changed after it was written"):
        go(folder, fixed)


def test_nothing_is_unblinded_before_the_end(folder, fixed):
    go(folder, fixed, person=Person({6: STOP}))
    with pytest.raises(IncompatibleArtifact, match="1 of 6 trials"):
        results(read_recorded(folder))


def test_events_that_cannot_follow_one_another_are_refused(folder, fixed):
    from expertgen.trials.log import TrialLog

    go(folder, fixed, person=Person({1: STOP}))
    TrialLog(folder / LOG).append("started", trial=2, attempt=1, letter="A", start=0)
    with pytest.raises(CorruptArtifact, match="does not follow what came before"):
        read_recorded(folder)


def test_results_count_compare_and_list(folder, fixed):
    go(folder, fixed, Robot(WINS), Person({5: Score("invalid", "lamp fell over", "AB")}))
    found = json.loads(json.dumps(results(read_recorded(folder))))
    taught, cloned = found["policies"]
    assert (taught["name"], taught["success"]["successes"], taught["success"]["n"]) == ("taught", 3, 3)
    assert (cloned["name"], cloned["success"]["successes"], cloned["success"]["n"]) == ("cloned", 1, 3)
    assert taught["success"]["exact_low"] == pytest.approx(0.2924, abs=1e-4)  # 0.025 ** (1 / 3)
    pair = found["paired"][0]
    assert [pair[key] for key in ("both", "only_first", "only_second", "neither", "p_value")] == [1, 2, 0, 0, 0.5]
    assert [row["reason"] for row in found["invalid"]] == ["lamp fell over"]
    assert cloned["failures"] == {"did not lift it": 2} and cloned["filter"] == {"workspace: clamped": 3}
