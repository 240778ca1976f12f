"""The bounded memory of samples: what it keeps, and that it writes the same bytes again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from expertgen.data.write_errors import CannotWrite
from expertgen.learn.sample_memory import SampleMemory

FIELDS = {"number": ((), np.int64), "seen": ((2, 3), np.float16)}
rounds_of_samples = st.lists(st.integers(0, 9), max_size=8)


def samples(first: int, count: int) -> dict[str, np.ndarray]:
    """Samples that all say their number."""
    number = np.arange(first, first + count)
    return {"number": number, "seen": np.broadcast_to(number[:, None, None] % 2000, (count, 2, 3)).astype(np.float16)}


def insert(memory: SampleMemory, sizes: list[int]) -> None:
    for size in sizes:
        memory.insert(samples(memory.inserted, size))


def numbers(memory: SampleMemory) -> np.ndarray:
    return memory.draw(np.arange(len(memory)))["number"]


def tree(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


@given(st.integers(1, 20), rounds_of_samples, st.integers(0, 3))
@examples(max_examples=40)
def test_it_keeps_all_until_it_is_full_and_then_some(capacity: int, sizes: list[int], seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        memory = SampleMemory(Path(folder), capacity, FIELDS, seed)
        insert(memory, sizes)
        assert memory.inserted == sum(sizes) and len(memory) == min(sum(sizes), capacity)
        kept = memory.draw(np.arange(len(memory)))
        assert len(set(kept["number"])) == len(memory) and set(kept["number"]) <= set(range(memory.inserted))
        if memory.inserted <= capacity:
            assert list(kept["number"]) == list(range(memory.inserted))
        assert (kept["seen"] == kept["number"][:, None, None]).all()  # fields of one sample stay together


@given(st.integers(1, 20), rounds_of_samples, rounds_of_samples, st.booleans())
@examples(max_examples=25)
def test_a_round_that_is_repeated_writes_the_same_bytes(
    capacity: int, before: list[int], after: list[int], flushed: bool
) -> None:
    """A run killed between an insertion and the saving of its state finds later samples in its files."""
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = (SampleMemory(Path(folder) / name, capacity, FIELDS, 7) for name in ("whole", "killed"))
        insert(whole, [*before, *after])
        insert(killed, before)
        saved = killed.inserted
        insert(killed, after)
        if flushed:
            killed.flush()
        resumed = SampleMemory(Path(folder) / "killed", capacity, FIELDS, 7)
        assert resumed.found
        resumed.inserted = saved
        insert(resumed, after)
        for memory in (whole, resumed):
            memory.flush()
        assert tree(Path(folder) / "killed") == tree(Path(folder) / "whole")


@pytest.mark.parametrize("sizes", [[120], [40, 1, 30, 9, 40], [8] * 15])
def test_what_stays_is_a_uniform_subset_however_samples_come(sizes: list[int], tmp_path: Path) -> None:
    runs, capacity, total = 200, 30, sum(sizes)
    kept = np.zeros(total)
    for seed in range(runs):
        memory = SampleMemory(tmp_path, capacity, {"number": ((), np.int64)}, seed)
        for size in sizes:
            memory.insert({"number": np.arange(memory.inserted, memory.inserted + size)})
        kept[numbers(memory)] += 1
    # Each count has the variance of a binomial; the sum of their squares is about a chi-square of `total` - 1.
    expected = runs * capacity / total
    score = ((kept - expected) ** 2).sum() / (expected * (1 - capacity / total))
    assert abs(score - total) < 4 * np.sqrt(2 * total)
    for third in np.split(kept, 3):  # neither the first nor the last are preferred
        assert abs(third.sum() - kept.sum() / 3) < 4 * np.sqrt(kept.sum() / 3)


def test_another_seed_keeps_others(tmp_path: Path) -> None:
    kept = []
    for seed in (0, 0, 1):
        memory = SampleMemory(tmp_path / str(len(kept)), 10, FIELDS, seed)
        insert(memory, [20, 20])
        kept.append(list(numbers(memory)))
    assert kept[0] == kept[1] != kept[2]


def test_it_is_never_larger_than_its_capacity(tmp_path: Path) -> None:
    memory = SampleMemory(tmp_path, 5, FIELDS, 0)
    memory.flush()
    size = sum(p.stat().st_size for p in tmp_path.iterdir())
    insert(memory, [50] * 4)
    memory.flush()
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) == size


@pytest.mark.parametrize("fields", [
    {"number": ((2,), np.int64), "seen": ((2, 3), np.float16)},
    {"number": ((), np.int64), "seen": ((2, 3), np.uint8)},
    {"number": ((), np.int64), "seen": ((2, 4), np.float16)},
])  # fmt: skip
def test_files_of_another_shape_are_replaced(fields: dict, tmp_path: Path) -> None:
    earlier = SampleMemory(tmp_path, 4, FIELDS, 0)
    insert(earlier, [4])
    earlier.flush()
    memory = SampleMemory(tmp_path, 4, fields, 0)
    assert not memory.found and len(memory) == 0
    for name, (shape, kind) in fields.items():
        memory.insert({n: np.ones((1, *s), k) for n, (s, k) in fields.items()})
        drawn = memory.draw(np.array([0]))[name]
        assert drawn.shape == (1, *shape) and drawn.dtype == kind
    assert SampleMemory(tmp_path, 4, fields, 0).found
    assert not SampleMemory(tmp_path, 5, fields, 0).found


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array at all" * 20])
def test_files_that_are_none_are_replaced(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "seen.npy").write_bytes(content)
    memory = SampleMemory(tmp_path, 4, FIELDS, 0)
    assert not memory.found
    insert(memory, [3])
    assert list(numbers(memory)) == [0, 1, 2]


def test_drawn_samples_are_copies(tmp_path: Path) -> None:
    memory = SampleMemory(tmp_path, 4, FIELDS, 0)
    insert(memory, [4])
    memory.draw(np.array([0, 1]))["number"][:] = 99
    assert list(numbers(memory)) == [0, 1, 2, 3]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match="file"):
        SampleMemory(tmp_path / "file" / "memory", 4, FIELDS, 0)


def test_without_space_it_says_so_at_once_and_not_by_a_signal_later(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=65536", "none", str(disk)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk to fill needs root, to be mounted")
    try:
        SampleMemory(disk / "small", 10, FIELDS, 0)
        for _ in range(2):  # what the first attempt leaves does not pass for a memory
            with pytest.raises(CannotWrite, match="no space left"):
                SampleMemory(disk / "large", 100_000, FIELDS, 0)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
