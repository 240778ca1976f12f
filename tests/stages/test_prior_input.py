"""A store that is absent or damaged: one screen of text, status 2, and nothing is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from expertgen import cli
from expertgen.data.hashing import tree_sha256

TASK = "lift_banana"


def flip_a_bit(store: Path) -> None:
    path = chunk(store)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def truncate_a_chunk(store: Path) -> None:
    path = chunk(store)
    path.write_bytes(path.read_bytes()[:-20])


def lose_a_shard(store: Path) -> None:
    shutil.rmtree(store / "shard-00001.zarr")


def lose_the_manifest(store: Path) -> None:
    (store / "manifest.json").unlink()


def chunk(store: Path) -> Path:
    return next(path for path in sorted((store / "shard-00001.zarr/data/observation/c").rglob("*")) if path.is_file())


@pytest.mark.parametrize(
    "damage, word",
    [
        (flip_a_bit, "shard-00001.zarr/data/observation"),
        (truncate_a_chunk, "shard-00001.zarr/data/observation"),
        (lose_a_shard, "shard-00001.zarr"),
        (lose_the_manifest, "manifest.json"),
    ],
)
def test_a_damaged_store_is_refused_and_left_alone(
    demonstrated, tmp_path: Path, capsys, damage: Callable[[Path], None], word: str
) -> None:
    _, workspace = demonstrated
    damage(workspace.data("demos"))
    before = tree_sha256(workspace.data("demos"))
    assert_refused(tmp_path, capsys, word, "dvc repro")
    assert tree_sha256(workspace.data("demos")) == before
    assert not workspace.data("prior").exists() and not workspace.work("prior").exists()


def test_no_store_names_the_stage_that_makes_it(small, tmp_path: Path, capsys) -> None:
    assert_refused(tmp_path, capsys, "no episodes at", "expertgen demos")


def assert_refused(project: Path, capsys, *words: str) -> None:
    assert cli.main(["prior", TASK, "--params", str(project / "params.yaml")]) == 2
    out, err = capsys.readouterr()
    assert not out and "Traceback" not in err and len(err.splitlines()) <= 24
    for word in words:
        assert word in err
