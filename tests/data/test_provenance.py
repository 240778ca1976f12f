"""Provenance: equal for equal causes, different for different ones, and nothing about the machine."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from expertgen.data.checkpoints import add_to_checkpoint, save_checkpoint
from expertgen.data.episodes import finish_store, shard_path, write_shard
from expertgen.data.hashing import file_sha256
from expertgen.data.json_text import json_text
from expertgen.data.provenance import fingerprint, provenance, source_sha256
from expertgen.errors import MissingInput


def of(folder: Path, **changes: Any) -> dict[str, Any]:
    arguments = {
        "stage": "prior",
        "task": "lift_banana",
        "seed": 3,
        "parameters": {"width": 512, "rate": 1e-3},
        "inputs": {"demos": folder / "demos", "params": folder / "params.yaml"},
    }
    return provenance(**{**arguments, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_inputs(tmp_path / "first")


def make_inputs(folder: Path) -> Path:
    (folder / "demos" / "shard").mkdir(parents=True)
    (folder / "demos" / "shard" / "chunk").write_bytes(b"1234")
    (folder / "demos" / "manifest.json").write_bytes(b"{}")
    (folder / "params.yaml").write_bytes(b"seed: 0\n")
    return folder


def test_it_is_the_same_in_another_place(folder: Path, tmp_path: Path) -> None:
    assert json_text(of(folder)) == json_text(of(make_inputs(tmp_path / "second")))


def test_it_says_nothing_about_the_machine(folder: Path) -> None:
    text = json_text(of(folder))
    assert str(folder) not in text
    assert "/" not in text
    assert socket.gethostname() not in text


def test_it_names_its_causes(folder: Path) -> None:
    value = of(folder)
    assert (value["stage"], value["task"], value["seed"]) == ("prior", "lift_banana", 3)
    assert value["parameters"] == {"width": 512, "rate": 1e-3}
    assert set(value["packages"]) == {"python", "torch", "numpy", "mujoco", "diffusers", "zarr"}
    expected = hashlib.sha256(b"seed: 0\n").hexdigest()
    assert value["inputs"]["params"] == expected
    assert len(value["code"]["sha256"]) == 64


def test_every_change_of_an_input_shows(folder: Path) -> None:
    seen = {fingerprint(of(folder))}
    (folder / "demos" / "shard" / "chunk").write_bytes(b"1235")
    seen.add(fingerprint(of(folder)))
    (folder / "demos" / "shard" / "chunk").rename(folder / "demos" / "shard" / "renamed")
    seen.add(fingerprint(of(folder)))
    (folder / "params.yaml").write_bytes(b"seed: 1\n")
    seen.add(fingerprint(of(folder)))
    seen.add(fingerprint(of(folder, seed=4)))
    seen.add(fingerprint(of(folder, parameters={"width": 513, "rate": 1e-3})))
    assert len(seen) == 6


def test_a_store_of_the_same_data_is_the_same_input_whatever_it_was_made_from(tmp_path: Path) -> None:
    stores = {"demos": tmp_path / "first", "again": tmp_path / "second", "other": tmp_path / "third"}
    for (name, store), key in zip(stores.items(), ("code of today", "code of tomorrow", "code of today"), strict=True):
        steps = {"action": np.arange(6.0) + (name == "other")}
        write_shard(shard_path(store, 0), steps, {"success": np.array([True, False])}, np.array([3, 6]), key)
        finish_store(store, 1, {"provenance.json": key})
    sums = [of(tmp_path, inputs={"demos": store})["inputs"]["demos"] for store in stores.values()]
    assert sums[0] == sums[1] != sums[2]


def test_a_checkpoint_of_the_same_tensors_is_the_same_input(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("second", 2)):
        save_checkpoint(tmp_path / name, {"weight": torch.ones(3)}, {"kind": "prior"})
        add_to_checkpoint(tmp_path / name, "provenance.json", {"seed": seed})
    first, second = (of(tmp_path, inputs={"prior": tmp_path / name})["inputs"] for name in ("first", "second"))
    save_checkpoint(tmp_path / "second", {"weight": torch.zeros(3)}, {"kind": "prior"})
    assert first == second != of(tmp_path, inputs={"prior": tmp_path / "second"})["inputs"]


@pytest.mark.parametrize(
    ("stage", "runs_scripts"), [("demos", True), ("evaluate", True), ("prior", False), ("steer", False)]
)
def test_skills_are_the_code_of_stages_that_run_scripts_alone(
    monkeypatch: pytest.MonkeyPatch, stage: str, runs_scripts: bool
) -> None:
    before = source_sha256(stage, "push_pear")
    other = lambda path: file_sha256(path) + "*" * (path.parent.name == "skills")  # noqa: E731
    monkeypatch.setattr("expertgen.data.provenance.file_sha256", other)
    assert (source_sha256(stage, "push_pear") != before) == runs_scripts


def test_an_absent_input_is_named(folder: Path) -> None:
    with pytest.raises(MissingInput, match=r"'demos' is not there.*absent"):
        of(folder, inputs={"demos": folder / "absent"})


def test_fingerprints_ignore_order_and_see_every_value() -> None:
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    others = [{"a": 1, "b": [2, 1]}, {"a": "1", "b": [1, 2]}, {"a": 1}, {"a": 1.0, "b": [1, 2]}]
    assert len({fingerprint(value) for value in [{"a": 1, "b": [1, 2]}, *others]}) == 5
