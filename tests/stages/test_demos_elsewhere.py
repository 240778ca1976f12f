"""Shards made elsewhere: which are missing, that they are the same bytes, and who is refused."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import pytest

from expertgen.data.hashing import tree_sha256
from expertgen.errors import CorruptArtifact
from expertgen.stages import demos
from expertgen.stages.demos_elsewhere import OtherCode, ShardOrder, bring_in, make_elsewhere, unfinished
from expertgen.workspace import Workspace

TASK = "lift_banana"


@pytest.fixture
def order(small, changed) -> ShardOrder:
    params, workspace = small
    return unfinished(changed(params, "demos", episodes=2, shard_episodes=1), TASK, workspace)[0]


def test_shards_made_elsewhere_are_those_of_the_stage(small, tmp_path: Path, capsys) -> None:
    params, workspace = small
    orders = unfinished(params, TASK, workspace)
    assert [str(order) for order in orders] == ["shard-00000", "shard-00001"]
    sent = pickle.loads(pickle.dumps(orders[1]))  # noqa: S301
    assert bring_in(orders[1], make_elsewhere(sent)) == orders[1].job.count == 4
    assert [str(order) for order in unfinished(params, TASK, workspace)] == ["shard-00000"]
    demos.run(params, TASK, workspace)  # makes the other
    assert "going on with 1 of 2 shards" in capsys.readouterr().err
    assert unfinished(params, TASK, workspace) == []
    alone = Workspace(tmp_path / "alone", TASK)
    demos.run(params, TASK, alone)
    assert tree_sha256(workspace.data("demos")) == tree_sha256(alone.data("demos"))


@pytest.mark.parametrize(
    ("part", "name", "said"),
    [("code", "sha256", r"code sha256 '[0-9a-f]{64}'"), ("packages", "numpy", "packages numpy")],
)
def test_other_code_or_packages_are_refused_by_name(order: ShardOrder, part: str, name: str, said: str) -> None:
    asked = order.made_from | {part: order.made_from[part] | {name: "another"}}
    with pytest.raises(OtherCode, match=rf"shard-00000 of lift_banana with {said}.*'another' was.*same commit"):
        make_elsewhere(dataclasses.replace(order, made_from=asked))


@pytest.mark.parametrize("damage", ["lost", "changed", "of another key"])
def test_a_shard_that_is_not_what_was_ordered_is_not_kept(order: ShardOrder, damage: str) -> None:
    if damage == "of another key":
        files = make_elsewhere(dataclasses.replace(order, job=dataclasses.replace(order.job, key="other")))
    else:
        files = make_elsewhere(order)
        name = next(name for name in files if "/c/" in name)
        files = {key: value for key, value in files.items() if key != name}
        files |= {name: b"x"} if damage == "changed" else {}
    with pytest.raises(CorruptArtifact, match="shard-00000 came back damaged"):
        bring_in(order, files)
    assert not list(order.job.path.parent.iterdir())
