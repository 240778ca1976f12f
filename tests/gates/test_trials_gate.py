"""The gate of recorded trials: what passes it, and what each kind of tampering and each bad record breaks."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from expertgen.gates.verdict import GateFailed
from expertgen.params import Params
from expertgen.stages import gate_trials
from expertgen.trials.layout import EPISODES, LOG, PROTOCOL
from expertgen.trials.log import TrialLog
from expertgen.workspace import Workspace
from tests.gates.recorded import TASK, broken
from tests.trials.made import INVALID, STEPS, STOP, WINS, Person, Robot, go, protocol, record


@pytest.fixture(scope="module")
def _sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    go(folder / "data" / TASK / "trials" / "first", protocol(folder), person=Person({3: INVALID}))
    return folder


@pytest.fixture
def sound(_sound: Path, tmp_path: Path) -> Workspace:
    """Trials that have ended, one attempt of which was invalid."""
    return Workspace(Path(shutil.copytree(_sound, tmp_path / "project")), TASK)


def first(workspace: Workspace) -> Path:
    return workspace.data("trials") / "first"


def found(params: Params, workspace: Workspace) -> dict[str, list[int | str]]:
    return broken(gate_trials.judged(params, workspace).parts)


def test_sound_trials_pass_and_no_policy_is_named(params: Params, sound: Workspace) -> None:
    gate_trials.run(params, TASK, sound)
    reports = sound.gate("trials")
    assert (reports / "passed.json").is_file()
    told = (reports / "gate.json").read_text() + (reports / "gate.md").read_text()
    assert "taught" not in told and "cloned" not in told


def test_an_edited_line_fails_it_and_takes_an_earlier_pass_back(params: Params, sound: Workspace) -> None:
    gate_trials.run(params, TASK, sound)
    log = first(sound) / LOG
    log.write_text(log.read_text().replace('"failure"', '"success"', 1))
    with pytest.raises(GateFailed, match="chain is intact"):
        gate_trials.run(params, TASK, sound)
    assert not (sound.gate("trials") / "passed.json").exists()


def test_a_protocol_reworded_afterwards_is_found(params: Params, sound: Workspace) -> None:
    path = first(sound) / PROTOCOL
    path.write_text(path.read_text().replace("20 cm", "10 cm"))
    wrong = found(params, sound)
    assert wrong["the protocol is the one the log was begun with"] == ["first"]


def test_trials_that_are_left_and_a_log_that_has_not_ended(params: Params, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, TASK)
    go(first(workspace), protocol(tmp_path), person=Person({4: STOP}))
    assert set(found(params, workspace)) == {"all trials are scored", "the log says that it has ended"}


def test_trials_in_another_order_than_drawn(params: Params, sound: Workspace) -> None:
    """A log with a sound chain, whose first two trials were swapped."""
    entries = TrialLog(first(sound) / LOG).entries
    (first(sound) / LOG).unlink()
    forged = TrialLog(first(sound) / LOG)
    for entry in [entries[0], *entries[4:7], *entries[1:4], *entries[7:]]:
        given = {name: value for name, value in entry.items() if name not in ("number", "time", "previous", "sha256")}
        forged.append(given.pop("event"), **given)
    assert found(params, sound) == {"trials were made in the drawn order": ["first"]}


def test_too_many_invalid_attempts(params: Params, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, TASK)
    people = dict.fromkeys(range(1, 10), INVALID)
    go(first(workspace), protocol(tmp_path), person=Person(people))
    assert found(params, workspace) == {"few invalid attempts": ["first"]}


def test_records_that_were_changed_or_lost(params: Params, sound: Workspace) -> None:
    episodes = first(sound) / EPISODES
    (episodes / "001-1" / "record.json").write_text("{}")
    shutil.rmtree(episodes / "002-1")
    assert found(params, sound)["records are as logged"] == ["first/001-1", "first/002-1"]


def spoilt(what: str) -> dict[str, object]:
    """What a record is made of, with one thing wrong."""
    sound, sent = record(), record().sent.copy()
    front = sound.frames["front"].copy()
    if what == "black":
        front[2] = 0
    elif what == "frozen":
        front[:] = front[0]
        told = sound.proprioception.copy()
        told[:, 0] += 0.03 * np.arange(STEPS)
        return {"frames": {**sound.frames, "front": front}, "proprioception": told}
    elif what == "flat":
        front[1] = 120
    elif what == "outside":
        sent[:, 2] = -0.01
    elif what == "jump":
        sent[3:, 1] += 0.1
    else:
        sent[4, 0] = np.nan
    return {"frames": {**sound.frames, "front": front}, "sent": sent}


@pytest.mark.parametrize(
    ("what", "expectations"),
    [
        ("black", {"no black frame", "no empty frame"}),
        ("flat", {"no empty frame"}),
        ("frozen", {"frames change while the arm moves"}),
        ("outside", {"commands within the workspace", "no jump of position"}),
        ("jump", {"no jump of position"}),
        ("nan", {"finite commands"}),
    ],
)
def test_a_bad_record_is_named(params: Params, tmp_path: Path, what: str, expectations: set[str]) -> None:
    workspace = Workspace(tmp_path, TASK)
    bad = dataclasses.replace(record(), **spoilt(what))
    go(first(workspace), protocol(tmp_path), Robot(WINS, at={2: bad}))
    assert found(params, workspace) == {expectation: ["first/002-1"] for expectation in expectations}


def test_what_is_wrong_in_an_invalid_trial_is_no_matter(params: Params, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, TASK)
    bad = dataclasses.replace(record(), **spoilt("black"))
    go(first(workspace), protocol(tmp_path), Robot(WINS, at={2: bad}), Person({2: INVALID}))
    assert found(params, workspace) == {}
