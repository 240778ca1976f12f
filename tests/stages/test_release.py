"""From the expert's episodes to a release that stands on its own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from expertgen.data.checkpoints import add_to_checkpoint
from expertgen.data.episodes import EpisodeStore
from expertgen.data.hashing import tree_sha256
from expertgen.data.lerobot.read import ReleaseReader
from expertgen.errors import CorruptArtifact, MissingInput
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


def test_without_a_success_there_is_nothing_to_release(rolled_out, changed) -> None:
    params, workspace = rolled_out
    with pytest.raises(MissingInput, match=r"release\.episodes: successes"):
        release.run(changed(params, "release", episodes="successes"), TASK, workspace)
    assert not workspace.data("release").exists()


def test_without_rollouts_it_says_so(small) -> None:
    with pytest.raises(MissingInput, match="no episodes at"):
        release.run(small[0], TASK, small[1])
