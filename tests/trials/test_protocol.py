"""Protocols: what is refused, and how order, letters and starts follow from them."""

from __future__ import annotations

import collections

import numpy as np
import pytest

from expertgen.errors import InvalidParameter, MissingInput
from expertgen.trials.order import letters_of, trials_of
from expertgen.trials.protocol import read_protocol
from expertgen.trials.starts import starts_of
from tests.trials.made import protocol, terms, write_protocol

LISTED = [{"places": [{"x": 0.45, "y": -0.1, "yaw": 30.0}]}, {"places": [{"x": 0.55, "y": 0.1, "yaw": -90.0}]}]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"n": 0}, "n: found 0"),
        ({"sucess": "x"}, "did you mean success?"),
        ({"robot": "toy"}, "robot: found 'toy'"),
        ({"policies": [terms()["policies"][0]] * 2}, "different names"),
        ({"policies": [{"name": "a", "checkpoint": "../other", "sha256": "a" * 64}]}, "below the project's folder"),
        ({"policies": [{"name": "a", "checkpoint": "data/a", "sha256": "unknown"}]}, "policies[0].sha256"),
        ({"invalid": {"rule": "x", "repeats": -1, "after_fault": "invalid"}}, "invalid.repeats: found -1"),
        ({"starts": LISTED}, "a multiple of 2"),
        ({"starts": "anywhere"}, "expected one of drawn"),
        ({"max_seconds": 0}, "max_seconds: found 0"),
    ],
)
def test_what_is_unknown_or_contradicts_itself_is_refused(tmp_path, change, word):
    with pytest.raises(InvalidParameter) as refused:
        protocol(tmp_path, **change)
    assert word in str(refused.value) and "first.yaml" in str(refused.value)


def test_a_missing_key_and_a_missing_file_are_named(tmp_path):
    path = write_protocol(tmp_path)
    path.write_text(path.read_text().replace("seed: 7\n", ""))
    with pytest.raises(InvalidParameter, match="seed: found nothing"):
        read_protocol(path)
    with pytest.raises(MissingInput, match=r"docs/trials\.md"):
        read_protocol(tmp_path / "other.yaml")


def test_each_policy_meets_each_start_once_and_blocks_are_whole(tmp_path):
    fixed = protocol(tmp_path, n=20)
    trials = trials_of(fixed)
    assert [trial.number for trial in trials] == list(range(1, 41))
    assert collections.Counter((trial.letter, trial.start) for trial in trials) == dict.fromkeys(
        ((letter, start) for letter in "AB" for start in range(20)), 1
    )
    for first, second in zip(trials[::2], trials[1::2], strict=True):
        assert first.block == second.block and {first.letter, second.letter} == {"A", "B"}


def test_neither_letters_nor_order_follow_the_file(tmp_path):
    """Over many seeds each policy is A about as often as B, and each goes first about as often as second."""
    behind, first = collections.Counter(), collections.Counter()
    for seed in range(40):
        fixed = protocol(tmp_path, seed=seed, n=4)
        behind[letters_of(fixed)["A"].name] += 1
        first.update(trial.letter for trial in trials_of(fixed)[::2])
    assert min(behind["taught"], behind["cloned"]) > 10
    assert min(first["A"], first["B"]) > 50


def test_the_same_file_gives_the_same_order_and_another_word_another(tmp_path):
    one, same = protocol(tmp_path), protocol(tmp_path / "copy")
    assert trials_of(one) == trials_of(same) and one.sha256 == same.sha256
    others = [protocol(tmp_path, success=f"criterion {number}", n=20) for number in range(2)]
    assert trials_of(others[0]) != trials_of(others[1])


def test_drawn_starts_follow_the_seed_alone(tmp_path):
    one, reworded = (starts_of(protocol(tmp_path, success=text)) for text in ("lifted", "lifted high"))
    other = starts_of(protocol(tmp_path, seed=8))
    assert len(one) == 3
    for start, same, different in zip(one, reworded, other, strict=True):
        np.testing.assert_array_equal(start.objects, same.objects)
        assert not np.allclose(start.objects, different.objects)


def test_listed_starts_lie_where_the_protocol_says(tmp_path):
    starts = starts_of(protocol(tmp_path, starts=LISTED, n=4))
    for start, listed in zip(starts, LISTED, strict=True):
        (place,), (said,) = start.places, listed["places"]
        assert (place.x, place.y) == (said["x"], said["y"]) and place.yaw == pytest.approx(said["yaw"])
        assert start.objects[0, 2] > 0
        assert f"x {said['x']:.3f} m" in start.in_words()
    numbers = [trial.start for trial in trials_of(protocol(tmp_path, starts=LISTED, n=4))]
    assert collections.Counter(numbers) == {0: 4, 1: 4}


def test_what_is_articulated_is_one_thing_to_lay_down(tmp_path):
    places = [{"places": [{"x": 0.6, "y": 0.05, "yaw": 170.0}]}]
    (start,) = starts_of(protocol(tmp_path, task="open_drawer", starts=places, n=1))
    assert len(start.places) == 1 and start.objects.shape == (2, 7)
    np.testing.assert_allclose(start.objects[0], start.objects[1])
    with pytest.raises(InvalidParameter, match="found 2, expected 1"):
        starts_of(protocol(tmp_path, task="open_drawer", starts=[{"places": places[0]["places"] * 2}], n=1))
