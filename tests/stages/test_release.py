"""From the expert's episodes to a release that stands on its own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from expertgen.data.atomic import atomic_write_json
from expertgen.data.checkpoints import add_to_checkpoint
from expertgen.data.episodes import EpisodeStore
from expertgen.data.hashing import path_sha256, tree_sha256
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput
from expertgen.stages import release, release_verify, rollouts

TASK = "lift_banana"


@pytest.fixture
def rolled_out(small, untrained, changed):
    params, workspace = small
    untrained(params, workspace)
    add_to_checkpoint(workspace.data("prior"), "provenance.json", {"inputs": {"demos": "d" * 64}})
    rollouts.run(params, TASK, workspace)
    return changed(params, "release", episodes="all"), workspace


def test_it_holds_the_store_and_says_where_it_comes_from(rolled_out, capsys) -> None:
    params, workspace = rolled_out
    release.run(params, TASK, workspace)
    assert "is sound" in capsys.readouterr().out
    target, store = workspace.data("release"), EpisodeStore.open(workspace.data("rollouts"))
    reader = ReleaseReader(target)
    for index in range(store.num_episodes):
        source, released = store.episode(index), reader.arrays(index)
        np.testing.assert_array_equal(released["action"], source["action"])
        np.testing.assert_array_equal(released["observation.state"], source["observation"])
        np.testing.assert_array_equal(released["observation.joint_position"], source["observation"][:, 16:23])
    lineage = json.loads((target / "meta" / "lineage.json").read_text())
    assert lineage["demos"] == "d" * 64
    made_from = json.loads((workspace.data("rollouts") / "provenance.json").read_text())["inputs"]
    assert lineage["expert"] == made_from["expert"] and lineage["prior"] == made_from["prior"]
    assert str(workspace.root) not in (target / "README.md").read_text()


def test_again_it_does_nothing_and_a_damaged_one_is_written_anew(rolled_out, capsys) -> None:
    params, workspace = rolled_out
    release.run(params, TASK, workspace)
    target = workspace.data("release")
    before = tree_sha256(target)
    capsys.readouterr()
    release.run(params, TASK, workspace)
    assert "up to date" in capsys.readouterr().err
    video = next(target.rglob("*.mp4"))
    content = bytearray(video.read_bytes())
    content[len(content) // 2] ^= 1
    video.unlink()
    video.write_bytes(content)
    with pytest.raises(CorruptArtifact, match=video.name):
        release_verify.verify(target)
    release.run(params, TASK, workspace)
    assert "damaged" in capsys.readouterr().err and tree_sha256(target) == before


@pytest.fixture
def judged(rolled_out, changed):
    """Successes alone are to be released, and as if all episodes were some."""
    params, workspace = rolled_out

    def judge(left_out: list[int]) -> None:
        store = workspace.data("rollouts")
        verdict = {"sha256": {f"data/{TASK}/rollouts": path_sha256(store)}, "left_out": left_out}
        atomic_write_json(workspace.gate("rollouts") / "passed.json", verdict)

    return changed(params, "release", episodes="successes"), workspace, judge


def test_without_a_success_there_is_nothing_to_release(judged) -> None:
    params, workspace, judge = judged
    judge([])
    with pytest.raises(MissingInput, match=r"release\.episodes: successes"):
        release.run(params, TASK, workspace)
    assert not workspace.data("release").exists()


def test_abrupt_episodes_are_not_released(judged, monkeypatch) -> None:
    params, workspace, judge = judged
    monkeypatch.setattr(EpisodeStore, "successes", lambda store, at_end: np.ones(store.num_episodes, bool))
    judge([1])
    release.run(params, TASK, workspace)
    reader = ReleaseReader(workspace.data("release"))
    assert [json.loads(row["source"])["episode"] for row in reader.episodes] == [0, 2]
    card = (workspace.data("release") / "README.md").read_text()
    assert "move more abruptly than a robot shall: 1." in " ".join(card.split())
    judge([])
    release.run(params, TASK, workspace)
    assert len(ReleaseReader(workspace.data("release")).episodes) == 3


def test_nothing_is_released_that_was_not_judged(judged) -> None:
    params, workspace, _ = judged
    with pytest.raises(MissingInput, match=f"expertgen gate_rollouts {TASK}"):
        release.run(params, TASK, workspace)
    verdict = {"sha256": {f"data/{TASK}/rollouts": "of others"}}
    atomic_write_json(workspace.gate("rollouts") / "passed.json", verdict)
    with pytest.raises(IncompatibleArtifact, match="judges other episodes"):
        release.run(params, TASK, workspace)
    assert not workspace.data("release").exists()


def test_without_rollouts_it_says_so(small) -> None:
    with pytest.raises(MissingInput, match="no episodes at"):
        release.run(small[0], TASK, small[1])
