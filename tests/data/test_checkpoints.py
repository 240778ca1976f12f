"""Checkpoints: exact, and refused when anything is wrong with them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from expertgen.data.checkpoints import add_to_checkpoint, load_checkpoint, require_shapes, save_checkpoint
from expertgen.errors import CorruptArtifact, IncompatibleArtifact, MissingInput

META = {"iteration": 7, "loss": 0.1, "state": 2**100, "names": ["a", None, True]}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    save_checkpoint(
        tmp_path / "prior", {"weight": torch.arange(12.0).reshape(3, 4), "bias": torch.ones(3)}, META
    )
    add_to_checkpoint(tmp_path / "prior", "provenance.json", {"seed": 0})
    return tmp_path / "prior"


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_round_trip_is_exact(tmp_path: Path) -> None:
    shared = torch.randn(4, 6)
    tensors: dict[str, Any] = {
        "nan": torch.tensor([float("nan"), -0.0, float("inf")]),
        "scalar": torch.tensor(3),
        "empty": torch.zeros(0, 5),
        "half": torch.randn(3).bfloat16(),
        "random_state": torch.get_rng_state(),
        "gradient": torch.ones(2, requires_grad=True),
        "shared": shared,
        "again": shared,
        "transposed": shared.T,
        "part": shared[1:3, ::2],
        "numpy": np.arange(6, dtype=np.uint32).reshape(2, 3).T,
        "bool": np.array([True, False]),
        "number": np.array(2.5),
    }
    save_checkpoint(tmp_path / "c", tensors, META)
    loaded, meta = load_checkpoint(tmp_path / "c")
    assert meta == META
    assert loaded.keys() == tensors.keys()
    for name, value in tensors.items():
        expected = torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value.detach()
        assert loaded[name].dtype == expected.dtype, name
        torch.testing.assert_close(loaded[name], expected, rtol=0, atol=0, equal_nan=True)


def test_loaded_tensors_do_not_depend_on_the_file(checkpoint: Path) -> None:
    loaded, _ = load_checkpoint(checkpoint)
    shutil.rmtree(checkpoint)
    loaded["weight"] += 1
    assert loaded["weight"].sum() == 78


def test_equal_values_give_equal_bytes(tmp_path: Path, checkpoint: Path) -> None:
    save_checkpoint(
        tmp_path / "other",
        {"bias": np.ones(3, np.float32), "weight": torch.arange(12.0).reshape(3, 4)},
        dict(reversed(META.items())),
    )
    add_to_checkpoint(tmp_path / "other", "provenance.json", {"seed": 0})
    assert contents(tmp_path / "other") == contents(checkpoint)


def test_sums_are_those_of_sha256sum(checkpoint: Path) -> None:
    subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=checkpoint, check=True, capture_output=True
    )


def test_every_flipped_bit_is_seen(checkpoint: Path) -> None:
    random = np.random.default_rng(0)
    for file in sorted(checkpoint.iterdir()):
        content = file.read_bytes()
        for bit in random.choice(8 * len(content), size=min(100, 8 * len(content)), replace=False):
            flipped = bytearray(content)
            flipped[bit // 8] ^= 1 << (bit % 8)
            file.write_bytes(flipped)
            with pytest.raises(CorruptArtifact, match=r"prior is damaged.*dvc pull"):
                load_checkpoint(checkpoint)
        file.write_bytes(content)
    load_checkpoint(checkpoint)


def test_a_file_that_is_not_listed_is_refused(checkpoint: Path) -> None:
    (checkpoint / "notes.txt").touch()
    with pytest.raises(CorruptArtifact, match=r"notes.txt does not match SHA256SUMS"):
        load_checkpoint(checkpoint)


@pytest.mark.parametrize("name", ["tensors.safetensors", "meta.json", "provenance.json", "SHA256SUMS"])
def test_truncated_and_missing_files_are_named(checkpoint: Path, name: str) -> None:
    content = (checkpoint / name).read_bytes()
    for length in (0, len(content) // 2, len(content) - 1):
        (checkpoint / name).write_bytes(content[:length])
        with pytest.raises(CorruptArtifact, match=name):
            load_checkpoint(checkpoint)
    (checkpoint / name).unlink()
    with pytest.raises(CorruptArtifact, match=name):
        load_checkpoint(checkpoint)


def test_absent_and_foreign_paths(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="nowhere"):
        load_checkpoint(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(CorruptArtifact, match="file"):
        load_checkpoint(tmp_path / "file")


def test_what_cannot_be_kept_leaves_the_earlier_checkpoint(checkpoint: Path) -> None:
    before = contents(checkpoint)
    for tensors, meta, error in (
        ({"a": torch.zeros(2, dtype=torch.complex128)}, {}, TypeError),
        ({"a": np.array(["text"])}, {}, TypeError),
        ({}, {"loss": float("nan")}, ValueError),
        ({}, {"path": Path()}, TypeError),
    ):
        with pytest.raises(error):
            save_checkpoint(checkpoint, tensors, meta)
    assert contents(checkpoint) == before


def test_a_full_disk_or_a_kill_leaves_a_whole_checkpoint(checkpoint: Path, run_python: Run) -> None:
    program = """
import resource, torch
from pathlib import Path
from expertgen.data.checkpoints import load_checkpoint, save_checkpoint
from expertgen.data.write_errors import CannotWrite
from kill_points import kill_points
path = Path("prior")
def write(value):
    save_checkpoint(path, {"weight": torch.full((4,), float(value))}, {"value": value})
write(1)
points = 0
for points in kill_points(lambda: write(2)):
    tensors, meta = load_checkpoint(path)
    assert meta["value"] in (1, 2) and (tensors["weight"] == meta["value"]).all(), points
    write(1)
assert points > 10, points
write(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    save_checkpoint(path, {"weight": torch.zeros(10000)}, {})
except CannotWrite as error:
    print(error)
assert load_checkpoint(path)[1] == {"value": 1}
assert list(Path().iterdir()) == [path], list(Path().iterdir())
"""
    assert "earlier checkpoint stands" in run_python(program).stdout


def test_shapes_must_fit() -> None:
    state = torch.nn.Linear(4, 3).state_dict()
    require_shapes({"weight": torch.zeros(3, 4), "bias": torch.zeros(3)}, state, "the prior in data/prior")
    for tensors, message in (
        ({"weight": torch.zeros(3, 5), "bias": torch.zeros(3)}, r"weight: found \(3, 5\), expected \(3, 4\)"),
        ({"weight": torch.zeros(3, 4)}, r"bias: found no such tensor, expected \(3,\)"),
        ({**state, "extra": torch.zeros(())}, "extra: found a scalar, expected no such tensor"),
    ):
        with pytest.raises(IncompatibleArtifact, match=message) as caught:
            require_shapes(tensors, state, "the prior in data/prior")
        assert "the prior in data/prior" in str(caught.value)


def test_only_the_first_differences_are_listed() -> None:
    with pytest.raises(IncompatibleArtifact) as caught:
        require_shapes({}, {f"layer.{index}": torch.zeros(2) for index in range(50)}, "the prior")
    assert "and 47 more" in str(caught.value)
    assert len(str(caught.value).splitlines()) < 8
