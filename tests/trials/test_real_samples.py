"""Recorded trials as samples of a student: which are taken, what of them, and what is refused."""

from __future__ import annotations

import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pytest

from expertgen.errors import CorruptArtifact, IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.trials.real_samples import real_episodes, real_samples
from expertgen.trials.record import read_record
from expertgen.trials.recorded import read_recorded
from tests.trials.made import INVALID, STEPS, STOP, WINS, Person, Robot, go, protocol

HORIZON, POINTS = 4, 5
VISION = {"width": 48, "height": 32, "cameras": [{"name": "side"}, {"name": "front"}], "cloud": {"points": POINTS}}


class Cameras(Robot):
    """Robot, whose records say what they were made by; `changes`: what else they say."""

    def __init__(self, wins=WINS, **changes):
        super().__init__(wins)
        self.changes = {"points": cloud(), "vision": VISION} | changes

    def run(self, order):
        return dataclasses.replace(super().run(order), **self.changes)


def cloud():
    return np.random.default_rng(1).normal(size=(STEPS, POINTS, 3)).astype(np.float16)


def student(sees="points", **vision):
    return SimpleNamespace(sees=sees, vision=VISION | vision, config=SimpleNamespace(horizon=HORIZON))


def recorded(tmp_path, robot=None, person=None, name="first"):
    go(tmp_path / "trials" / name, protocol(tmp_path, name), robot or Cameras(), person)
    return tmp_path / "trials"


def samples(tmp_path, who=None, hz=10.0, **changes):
    folder = recorded(tmp_path, Cameras(**changes))
    return real_samples(real_episodes(folder, ["first"])[:1], who or student(), hz)


def test_successes_alone_are_taken_each_once(tmp_path):
    folder = recorded(tmp_path)
    found = real_episodes(folder, ["first"])
    log = read_recorded(folder / "first")
    expected = sorted(f"first/{one.name}" for one in log.attempts if one.verdict == "success")
    assert [episode.name for episode in found] == expected and len(expected) == 4
    assert real_episodes(folder, [expected[2]])[0] == found[2]
    assert real_episodes(folder, [expected[2], "first", "first"]) == found


def test_invalid_trials_are_not_taken(tmp_path):
    folder = recorded(tmp_path, person=Person({1: INVALID}))
    assert "first/001-1" not in [episode.name for episode in real_episodes(folder, ["first"])]
    with pytest.raises(IncompatibleArtifact, match=r"first/001-1 was scored invalid \(a person stepped in\)"):
        real_episodes(folder, ["first/001-1"])


def test_what_a_sample_holds(tmp_path):
    folder = recorded(tmp_path)
    episodes = real_episodes(folder, ["first"])
    record, each = read_record(episodes[1].folder), STEPS - HORIZON + 1
    points = real_samples(episodes, student(), 10.0)
    assert {name: value.shape for name, value in points.items()} == {
        "seen": (4 * each, POINTS, 3), "proprioception": (4 * each, 17), "chunk": (4 * each, HORIZON, 10)
    }  # fmt: skip
    second = {name: value[each : 2 * each] for name, value in points.items()}
    assert np.array_equal(second["seen"], record.points[:each]) and second["seen"].dtype == np.float16
    assert np.array_equal(second["proprioception"], record.proprioception[:each])
    for step in range(each):  # as they were sent, from where the tool was
        sent = record.sent[step : step + HORIZON].copy()
        sent[:, :3] -= record.proprioception[step, 7:10]
        assert np.array_equal(second["chunk"][step], sent)
    images = real_samples(episodes[:1], student("images"), 10.0)["seen"]
    record = read_record(episodes[0].folder)
    assert images.shape == (each, 2, 32, 48, 3) and images.dtype == np.uint8
    assert np.array_equal(images[1, 0], record.frames["side"][1])  # in the student's order
    assert np.array_equal(images[1, 1], record.frames["front"][1])


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("second", MissingInput, "no recorded trials at"), ("../first", InvalidParameter, "expected NAME"),
        ("first/099-1", MissingInput, "no trial '099-1'; expected one such as 001-1"),
    ],
)
def test_missing_trials_are_named(tmp_path, name, error, words):
    with pytest.raises(error, match=words):
        real_episodes(recorded(tmp_path), [name])


def test_trials_that_are_not_all_scored_are_refused(tmp_path):
    with pytest.raises(IncompatibleArtifact, match="still to be scored"):
        real_episodes(recorded(tmp_path, person=Person({3: STOP})), ["first"])


def test_failures_are_refused(tmp_path):
    folder = recorded(tmp_path, Cameras({}))
    with pytest.raises(MissingInput, match="none of the 6 trials"):
        real_episodes(folder, ["first"])
    with pytest.raises(IncompatibleArtifact, match=r"first/002-1 was scored failure \(did not lift it\)"):
        real_episodes(folder, ["first/002-1"])


@pytest.mark.parametrize(
    ("who", "changes", "words"),
    [
        (student(width=64), {}, "other cameras or clouds: vision.width: 48"),
        (student(cameras=[{"name": "front"}]), {}, "other cameras or clouds: vision.cameras"),
        (student(), {"vision": {}}, "does not say what its cameras"),
        (student(), {"points": None}, "no point clouds"),
        (student(), {"control_hz": 15.0}, "15 Hz, expected 10"),
        (SimpleNamespace(**{**vars(student()), "config": SimpleNamespace(horizon=7)}), {}, "6 control steps"),
    ],
)
def test_records_that_do_not_fit_the_student_are_refused(tmp_path, who, changes, words):
    with pytest.raises(IncompatibleArtifact, match=re.escape(words)):
        samples(tmp_path, who, **changes)


def test_chunks_are_without_pauses(tmp_path):
    times = np.arange(STEPS) / 10
    times[5:] += 0.3  # the arm was held before the last step
    assert len(samples(tmp_path, times=times)["chunk"]) == STEPS - HORIZON
    times[3:] += 0.3
    with pytest.raises(IncompatibleArtifact, match="6 control steps, and never 4 without a pause"):
        samples(tmp_path / "again", times=times)


def test_images_need_no_clouds(tmp_path):
    assert samples(tmp_path, student("images"), points=None)["seen"].dtype == np.uint8


def test_a_record_that_is_not_the_logs_is_refused(tmp_path):
    folder = recorded(tmp_path)
    episode = real_episodes(folder, ["first"])[0]
    (episode.folder / "front.mp4").write_bytes(b"another")
    with pytest.raises(CorruptArtifact, match="not what the log says"):
        real_samples([episode], student(), 10.0)
