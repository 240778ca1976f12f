"""Episode stores: what was written is what is read, in the order of shards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expertgen.data.episodes import EpisodeStore, finish_store, shard_path, write_shard
from expertgen.data.hashing import tree_sha256
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput, UnknownName

Shards = list[tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]]


@pytest.mark.parametrize("verify", [True, False])
def test_a_store_reads_as_one(store: Path, shards: Shards, verify: bool) -> None:
    opened = EpisodeStore.open(store, verify=verify)
    assert (opened.num_episodes, opened.num_steps) == (5, 17)
    assert opened.lengths.tolist() == [3, 1, 4, 2, 7]
    assert opened.episode_ends.tolist() == [3, 4, 8, 10, 17]
    assert opened.step_names == ["observation", "qpos", "success"]
    assert opened.episode_names == ["seed", "success_any", "success_end"]
    assert opened.provenance == {"stage": "demos", "seed": 0}
    for name in opened.step_names:
        expected = np.concatenate([steps[name] for steps, _, _ in shards])
        np.testing.assert_array_equal(opened.read_steps(name), expected, strict=True)
    for name in opened.episode_names:
        expected = np.concatenate([episodes[name] for _, episodes, _ in shards])
        np.testing.assert_array_equal(opened.read_episodes(name), expected, strict=True)


def test_each_episode_is_its_slice(store: Path) -> None:
    opened = EpisodeStore.open(store)
    whole = {name: opened.read_steps(name) for name in opened.step_names}
    for index, (end, length) in enumerate(zip(opened.episode_ends, opened.lengths, strict=True)):
        for name, values in opened.episode(index).items():
            np.testing.assert_array_equal(values, whole[name][end - length : end], strict=True)
    for index in (-1, 5):
        with pytest.raises(IndexError):
            opened.episode(index)


def test_failures_are_kept_and_marked(store: Path) -> None:
    opened = EpisodeStore.open(store)
    success = [opened.episode(index)["success"] for index in range(opened.num_episodes)]
    assert opened.successes().tolist() == [bool(steps.any()) for steps in success]
    assert opened.successes(at_end=True).tolist() == [bool(steps[-1]) for steps in success]
    assert not opened.successes(at_end=True).all()


def test_order_and_place_of_writing_do_not_matter(store: Path, shards: Shards, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "again"
    for index in (1, 0):
        write_shard(shard_path(other, index), *shards[index], key="k")
    finish_store(other, 2, {"seed": 0, "stage": "demos"})
    assert tree_sha256(other) == tree_sha256(store)


def test_unknown_arrays_are_named_with_the_known(store: Path) -> None:
    opened = EpisodeStore.open(store)
    with pytest.raises(UnknownName, match=r"observaton.*observation, qpos, success"):
        opened.read_steps("observaton")
    with pytest.raises(UnknownName, match="seed, success_any"):
        opened.read_episodes("qpos")


def test_finishing_needs_every_shard(tmp_path: Path, shards: Shards) -> None:
    write_shard(shard_path(tmp_path, 0), *shards[0])
    with pytest.raises(MissingInput, match=r"shard-00001.zarr is missing, expected 2"):
        finish_store(tmp_path, 2, {})
    with pytest.raises(CorruptArtifact, match="never finished"):
        EpisodeStore.open(tmp_path)
    with pytest.raises(ValueError, match="at least one"):
        finish_store(tmp_path, 0, {})


def test_finishing_needs_whole_shards(store: Path) -> None:
    victim = next(path for path in store.rglob("c/0/0") if "shard-00001" in str(path))
    victim.write_bytes(victim.read_bytes()[:-1])
    with pytest.raises(CorruptArtifact, match=r"shard-00001.zarr is damaged or unfinished"):
        finish_store(store, 2, {})
    with pytest.raises(CorruptArtifact, match="never finished"):
        EpisodeStore.open(store)


@pytest.mark.parametrize("other", ["key", "arrays", "count"])
def test_shards_of_another_run_are_refused(store: Path, shards: Shards, other: str) -> None:
    steps, episodes, ends = shards[1]
    if other == "key":
        write_shard(shard_path(store, 1), steps, episodes, ends, key="other parameters")
    elif other == "arrays":
        write_shard(
            shard_path(store, 1), {**steps, "qpos": steps["qpos"].astype("f4")}, episodes, ends, key="k"
        )
    else:
        write_shard(shard_path(store, 7), steps, episodes, ends, key="k")
    with pytest.raises(IncompatibleArtifact, match=r"Delete .* and run the stage again"):
        finish_store(store, 2, {})


def test_what_killed_writers_left_is_removed(store: Path) -> None:
    before = tree_sha256(store)
    (store / ".shard-00001.zarr.0123abcd.tmp" / "data").mkdir(parents=True)
    (store / ".provenance.json.0123abcd.tmp").write_text("{")
    with pytest.raises(CorruptArtifact, match="not part of the store"):
        EpisodeStore.open(store)
    finish_store(store, 2, {"stage": "demos", "seed": 0})
    assert tree_sha256(store) == before
    EpisodeStore.open(store)
