"""Damage to a store is found before anything is read from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from expertgen.data.episodes import EpisodeStore, shard_path
from expertgen.data.hashing import file_names
from expertgen.errors import CorruptArtifact, MissingInput

REMEDY = r"[\s\S]*the stage that made it[\s\S]*dvc repro"


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << (bit % 8)
    path.write_bytes(content)


def test_every_flipped_bit_is_seen(store: Path) -> None:
    random = np.random.default_rng(0)
    names = file_names(store)
    assert {"manifest.json", "provenance.json"} <= set(names)
    for name in [*names, *["manifest.json"] * 40]:
        path = store / name
        bit = int(random.integers(8 * path.stat().st_size))
        flip(path, bit)
        with pytest.raises(CorruptArtifact, match=REMEDY) as caught:
            EpisodeStore.open(store)
        assert name in str(caught.value) or name == "manifest.json"
        flip(path, bit)
    EpisodeStore.open(store)


def test_flipped_values_never_pass_for_data_without_verification(store: Path) -> None:
    random = np.random.default_rng(1)
    clean = EpisodeStore.open(store)
    for name in (name for name in file_names(store) if "/c/" in name):
        shard, folder, array, *_ = name.split("/")
        bit = int(random.integers(8 * (store / name).stat().st_size))
        flip(store / name, bit)
        with pytest.raises(CorruptArtifact, match=shard):
            opened = EpisodeStore.open(store, verify=False)
            opened.read_steps(array) if folder == "data" else opened.read_episodes(array)
        flip(store / name, bit)
    assert clean.read_steps("qpos").shape == (17, 3)


@pytest.mark.parametrize(
    "name", ["shard-00001.zarr/data/qpos/c/0/0", "shard-00000.zarr/meta/episode_ends/zarr.json"]
)
@pytest.mark.parametrize("length", [0, 10, None])
def test_truncated_and_missing_files_are_named(store: Path, name: str, length: int | None) -> None:
    path = store / name
    if length is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CorruptArtifact, match=name + REMEDY):
        EpisodeStore.open(store)
    with pytest.raises(CorruptArtifact, match=name.split("/")[0]):
        EpisodeStore.open(store, verify=False).read_steps("qpos")


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("index", [0, 1])
def test_a_missing_shard_is_named(store: Path, index: int, verify: bool) -> None:
    shutil.rmtree(shard_path(store, index))
    with pytest.raises(CorruptArtifact, match=f"shard-0000{index}.zarr" + REMEDY):
        EpisodeStore.open(store, verify=verify)


def test_an_unlisted_shard_is_named(store: Path) -> None:
    shutil.copytree(shard_path(store, 0), shard_path(store, 2))
    with pytest.raises(CorruptArtifact, match=r"shard-00002.zarr.*not part of the store" + REMEDY):
        EpisodeStore.open(store)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"files": {}, "shards": 0}', b'{"files": 3}']
)
@pytest.mark.parametrize("verify", [True, False])
def test_an_unreadable_manifest_is_named(store: Path, content: bytes, verify: bool) -> None:
    (store / "manifest.json").write_bytes(content)
    with pytest.raises(CorruptArtifact, match=r"manifest.json" + REMEDY):
        EpisodeStore.open(store, verify=verify)


def test_a_store_without_manifest_was_never_finished(store: Path) -> None:
    (store / "manifest.json").unlink()
    with pytest.raises(CorruptArtifact, match=r"manifest.json is missing" + REMEDY):
        EpisodeStore.open(store)


def test_an_absent_store_is_missing_input(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match=r"nowhere.*expertgen nowhere TASK"):
        EpisodeStore.open(tmp_path / "nowhere")
