"""Shards: exact, deterministic, committed by their last write."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from expertgen.data.episodes import shard_is_complete, write_shard
from expertgen.data.hashing import tree_sha256
from expertgen.data.shard_reader import ShardReader
from expertgen.data.write_errors import CannotWrite
from expertgen.errors import CorruptArtifact

DTYPES = ["bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64", ">f4"]
Arrays = dict[str, np.ndarray]
MakeShard = Callable[[int, list[int]], tuple[Arrays, Arrays, np.ndarray]]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=5),
    dtype=st.sampled_from(DTYPES),
    rest=st.sampled_from([(), (1,), (7,), (2, 3)]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_bits_come_back(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], dtype: str, rest: tuple[int, ...], seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.zarr"
    ends = np.cumsum(lengths)
    random = np.random.default_rng(seed)

    def draw(rows: int) -> np.ndarray:
        raw = random.bytes(rows * int(np.prod(rest)) * np.dtype(dtype).itemsize)
        values = np.frombuffer(raw, np.uint8) % 2 == 1 if dtype == "bool" else np.frombuffer(raw, dtype)
        return values.reshape(rows, *rest)

    steps, episodes = {"x": draw(ends[-1])}, {"x": draw(len(ends))}
    write_shard(path, steps, episodes, ends)
    assert shard_is_complete(path)
    shard = ShardReader.open(path)
    assert shard.episode_ends.tolist() == ends.tolist()
    for found, expected in ((shard.read_steps("x"), steps["x"]), (shard.read_episodes("x"), episodes["x"])):
        assert found.dtype == expected.dtype.newbyteorder("=")
        assert found.shape == expected.shape
        assert found.tobytes() == expected.astype(found.dtype).tobytes()  # NaN payloads and -0.0 included


def test_equal_arrays_give_equal_bytes(tmp_path: Path, make_shard: MakeShard) -> None:
    steps, episodes, ends = make_shard(0, [3, 700])
    write_shard(tmp_path / "a.zarr", steps, episodes, ends, key="k")
    write_shard(tmp_path / "b.zarr", dict(reversed(steps.items())), episodes, ends.astype(np.int32), key="k")
    write_shard(
        tmp_path / "b.zarr",
        {name: np.asfortranarray(array) for name, array in steps.items()},
        episodes,
        ends,
        "k",
    )
    assert tree_sha256(tmp_path / "a.zarr") == tree_sha256(tmp_path / "b.zarr")


def test_zeros_are_stored(tmp_path: Path) -> None:
    write_shard(
        tmp_path / "a.zarr", {"x": np.zeros((600, 2))}, {"success": np.zeros(1, bool)}, np.array([600])
    )
    shutil.rmtree(tmp_path / "a.zarr" / "data" / "x" / "c")
    with pytest.raises(CorruptArtifact, match="data/x has lost its values"):
        ShardReader.open(tmp_path / "a.zarr")


@pytest.mark.parametrize("lengths", [[0], [3, 0, 2], [3, -1, 4], []])
def test_empty_episodes_are_refused(tmp_path: Path, lengths: list[int]) -> None:
    ends = np.cumsum(lengths, dtype=np.int64)
    rows = int(ends[-1]) if lengths else 0
    with pytest.raises(ValueError, match=r"at least one|shape \(episodes,\)"):
        write_shard(tmp_path / "a.zarr", {"x": np.zeros(rows)}, {}, ends)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("steps", "episodes", "message"),
    [
        ({"x": np.zeros(4)}, {}, r"steps/x has shape \(4,\); expected \(5, ...\)"),
        ({"x": np.zeros((5, 0))}, {}, "without empty axes"),
        ({"x": np.array(["a"] * 5)}, {}, "dtype"),
        ({"x": np.zeros(5, complex)}, {}, "dtype"),
        ({"../x": np.zeros(5)}, {}, "no array name"),
        ({}, {"seed": np.zeros(3)}, r"episodes/seed has shape \(3,\); expected \(2, ...\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, steps: dict, episodes: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        write_shard(tmp_path / "a.zarr", steps, episodes, np.array([2, 5]))
    assert not list(tmp_path.iterdir())


def test_the_commit_record_decides(tmp_path: Path, make_shard: MakeShard) -> None:
    path = tmp_path / "a.zarr"
    steps, episodes, ends = make_shard(0, [3, 2])
    assert not shard_is_complete(path)
    write_shard(path, steps, episodes, ends, key="parameters 1")
    assert shard_is_complete(path)
    assert shard_is_complete(path, "parameters 1")
    assert not shard_is_complete(path, "parameters 2")

    # A longer array is no longer what was committed; readers still keep to the commit record.
    array = zarr.open_array(path / "data" / "qpos", mode="r+")
    array.resize((9, 3))
    assert not shard_is_complete(path)
    assert ShardReader.open(path).read_steps("qpos").tolist() == steps["qpos"].tolist()

    shutil.rmtree(path / "meta" / "episode_ends")
    assert not shard_is_complete(path)
    with pytest.raises(CorruptArtifact, match="never finished"):
        ShardReader.open(path)


def test_too_short_arrays_are_refused(tmp_path: Path, make_shard: MakeShard) -> None:
    write_shard(tmp_path / "a.zarr", *make_shard(0, [3, 2]))
    zarr.open_array(tmp_path / "a.zarr" / "data" / "qpos", mode="r+").resize((4, 3))
    with pytest.raises(CorruptArtifact, match="qpos has 4 rows, expected 5"):
        ShardReader.open(tmp_path / "a.zarr")


def test_a_kill_at_any_moment_leaves_a_whole_shard(tmp_path: Path, run_python: Run) -> None:
    program = """
import numpy as np
from pathlib import Path
from expertgen.data.episodes import shard_is_complete, write_shard
from kill_points import in_child, kill_points
path = Path("shard-00000.zarr")
def write(key):
    write_shard(path, {"x": np.arange(5.0)}, {}, np.array([2, 5]), key=key)
points = 0
for points in kill_points(lambda: write("first"), stride=7):
    assert not path.exists() or in_child(lambda: shard_is_complete(path, "first")), points
assert points > 20, points
seen = set()
for points in kill_points(lambda: write("second"), stride=3):
    first = in_child(lambda: shard_is_complete(path, "first"))
    assert first or in_child(lambda: shard_is_complete(path, "second")), points
    seen.add(first)
assert seen == {True, False}  # some died before the new shard took its place and some after
"""
    run_python(program)
    assert shard_is_complete(tmp_path / "shard-00000.zarr", "second")
    assert [path.name for path in tmp_path.iterdir()] == ["shard-00000.zarr"]


def test_a_full_disk_leaves_the_earlier_shard(tmp_path: Path, run_python: Run) -> None:
    program = """
import resource, numpy as np
from pathlib import Path
from expertgen.data.episodes import write_shard
from expertgen.data.write_errors import CannotWrite
write_shard(Path("a.zarr"), {"x": np.arange(5.0)}, {}, np.array([5]), key="first")
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
large = np.random.default_rng(0).random(9000)
try:
    write_shard(Path("a.zarr"), {"x": large}, {}, np.array([9000]), key="second")
except CannotWrite as error:
    print(error)
"""
    assert "a.zarr could not be written: file too large" in run_python(program).stdout
    assert shard_is_complete(tmp_path / "a.zarr", "first")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_an_impossible_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match=r"file/a.zarr could not be written"):
        write_shard(tmp_path / "file" / "a.zarr", {"x": np.zeros(1)}, {}, np.array([1]))
