"""Recorded trials as samples of a student: which are taken, what of them, and what is refused."""

from __future__ import annotations

import dataclasses
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from expertgen.errors import CorruptArtifact, IncompatibleArtifact, InvalidParameter, MissingInput
from expertgen.trials.real_samples import RealEpisode, real_episodes, real_samples
from expertgen.trials.record import write_record
from expertgen.trials.recorded import read_recorded
from tests.trials.made import INVALID, STEPS, STOP, WINS, Person, Robot, go, protocol, record

HORIZON, POINTS, EACH = 4, 5, STEPS - 4 + 1
VISION = {"width": 48, "height": 32, "cameras": [{"name": "side"}, {"name": "front"}], "cloud": {"points": POINTS}}


class Cameras(Robot):
    """Robot, whose records say what they were made by, and hold clouds in place of images, which take longer to write;
    `changes`: what else they say."""

    def __init__(self, wins=WINS, **changes):
        super().__init__(wins)
        self.changes = BLIND | {"points": cloud(), "vision": VISION} | changes

    def run(self, order):
        return dataclasses.replace(super().run(order), **self.changes)


BLIND = {"frames": {}, "frame_times": {}}


def cloud():
    return np.random.default_rng(1).normal(size=(STEPS, POINTS, 3)).astype(np.float16)


def student(sees="points", **vision):
    return SimpleNamespace(sees=sees, vision=VISION | vision, config=SimpleNamespace(horizon=HORIZON))


def recorded(tmp_path, robot=None, person=None, **changes):
    go(tmp_path / "trials" / "first", protocol(tmp_path, **changes), robot or Cameras(), person)
    return tmp_path / "trials"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six trials, of which four are successes."""
    return recorded(tmp_path_factory.mktemp("six"))


def samples(folder, who=None, **changes):
    """Those of a single record."""
    made = record(**(BLIND | {"points": cloud(), "vision": VISION} | changes))
    sha256 = write_record(folder / "001-1", made)
    return made, real_samples([RealEpisode("first/001-1", folder / "001-1", sha256)], who or student(), 10.0)


def test_successes_alone_are_taken_each_once(folder):
    found = real_episodes(folder, ["first"])
    log = read_recorded(folder / "first")
    expected = sorted(f"first/{one.name}" for one in log.attempts if one.verdict == "success")
    assert [episode.name for episode in found] == expected and len(expected) == 4
    assert real_episodes(folder, [expected[2]])[0] == found[2]
    assert real_episodes(folder, [expected[2], "first", "first"]) == found


def test_samples_come_in_the_order_of_their_trials(folder):
    episodes = real_episodes(folder, ["first"])
    both, second = real_samples(episodes[:2], student(), 10.0), real_samples(episodes[1:2], student(), 10.0)
    assert all(np.array_equal(both[name][EACH:], second[name]) for name in second)


def test_what_a_sample_holds(tmp_path):
    made, found = samples(tmp_path)
    assert {name: value.shape for name, value in found.items()} == {
        "seen": (EACH, POINTS, 3), "proprioception": (EACH, 17), "chunk": (EACH, HORIZON, 10)
    }  # fmt: skip
    assert np.array_equal(found["seen"], made.points[:EACH]) and found["seen"].dtype == np.float16
    assert np.array_equal(found["proprioception"], made.proprioception[:EACH])
    for step in range(EACH):  # as they were sent, from where the tool was
        sent = made.sent[step : step + HORIZON].copy()
        sent[:, :3] -= made.proprioception[step, 7:10]
        assert np.array_equal(found["chunk"][step], sent)


def test_images_are_in_the_students_order_and_need_no_clouds(tmp_path):
    images = record().frames
    _, found = samples(tmp_path, student("images"), points=None, frames=images)
    assert found["seen"].shape == (EACH, 2, 32, 48, 3) and found["seen"].dtype == np.uint8
    assert np.array_equal(found["seen"][1, 0], images["side"][1])
    assert np.array_equal(found["seen"][1, 1], images["front"][1])


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("second", MissingInput, "no recorded trials at"), ("../first", InvalidParameter, "expected NAME"),
        ("first/099-1", MissingInput, "no trial '099-1'; expected one such as 001-1"),
    ],
)
def test_missing_trials_are_named(folder, name, error, words):
    with pytest.raises(error, match=words):
        real_episodes(folder, [name])


def test_invalid_trials_are_not_taken(tmp_path):
    folder = recorded(tmp_path, person=Person({1: INVALID}), n=1)
    assert "first/001-1" not in [episode.name for episode in real_episodes(folder, ["first"])]
    with pytest.raises(IncompatibleArtifact, match=r"first/001-1 was scored invalid \(a person stepped in\)"):
        real_episodes(folder, ["first/001-1"])


def test_trials_that_are_not_all_scored_are_refused(tmp_path):
    with pytest.raises(IncompatibleArtifact, match="still to be scored"):
        real_episodes(recorded(tmp_path, person=Person({2: STOP}), n=1), ["first"])


def test_failures_are_refused(tmp_path):
    folder = recorded(tmp_path, Cameras({}), n=1)
    with pytest.raises(MissingInput, match="none of the 2 trials"):
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
        (SimpleNamespace(**{**vars(student()), "config": SimpleNamespace(horizon=7)}), {}, "never 7 without a pause"),
    ],
)
def test_records_that_do_not_fit_the_student_are_refused(tmp_path, who, changes, words):
    with pytest.raises(IncompatibleArtifact, match=re.escape(words)):
        samples(tmp_path, who, **changes)


def test_what_is_no_number_is_refused(tmp_path):
    with pytest.raises(CorruptArtifact, match="sent holds what is no number"):
        samples(tmp_path, sent=np.full((STEPS, 10), np.nan, np.float32))


def test_chunks_are_without_pauses(tmp_path):
    times = np.arange(STEPS) / 10
    times[5:] += 0.3  # the arm was held before the last step
    assert len(samples(tmp_path, times=times)[1]["chunk"]) == EACH - 1
    times[3:] += 0.3
    with pytest.raises(IncompatibleArtifact, match="6 control steps, and never 4 without a pause"):
        samples(tmp_path / "again", times=times)


def test_a_record_that_is_not_the_logs_is_refused(folder, tmp_path):
    episode = real_episodes(folder, ["first"])[0]
    shutil.copytree(episode.folder, tmp_path / "copy")
    (tmp_path / "copy" / "more.txt").write_text("another")
    with pytest.raises(CorruptArtifact, match="not what the log says"):
        real_samples([dataclasses.replace(episode, folder=tmp_path / "copy")], student(), 10.0)
