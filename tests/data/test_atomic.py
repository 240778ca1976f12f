"""Outputs are whole or untouched: on success, failure, a full disk and a kill."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from expertgen.data.atomic import atomic_directory, atomic_write_bytes, atomic_write_json, atomic_write_text
from expertgen.data.rename import exchange_in_steps, replace_directory
from expertgen.data.write_errors import CannotWrite

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def fill(target: Path, text: str) -> None:
    with atomic_directory(target) as directory:
        (directory / "deep").mkdir()
        (directory / "deep" / "file").write_text(text)


def test_a_directory_appears_and_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "parents" / "out"
    fill(target, "one")
    (target / "only in the first").touch()
    fill(target, "two")
    assert [path.name for path in target.rglob("*")] == ["deep", "file"]
    assert (target / "deep" / "file").read_text() == "two"
    assert list(target.parent.iterdir()) == [target]


def test_a_failing_block_leaves_the_earlier_directory(tmp_path: Path) -> None:
    fill(tmp_path / "out", "one")
    with pytest.raises(ZeroDivisionError), atomic_directory(tmp_path / "out") as directory:
        (directory / "file").write_text("half")
        raise ZeroDivisionError
    assert (tmp_path / "out" / "deep" / "file").read_text() == "one"
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_a_linked_directory_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to("elsewhere")
    fill(tmp_path / "out", "one")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "elsewhere" / "deep" / "file").read_text() == "one"


def test_a_file_in_the_way_is_kept(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(CannotWrite, match="out could not be written"):
        fill(tmp_path / "out", "one")
    with pytest.raises(CannotWrite, match="could not be written"):
        atomic_write_text(tmp_path / "out" / "below", "one")
    assert (tmp_path / "out").read_text() == "mine"


def test_json_is_deterministic_and_strict(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    atomic_write_json(path, {"b": np.float64(0.1), "a": [np.int64(1), True, None]})
    assert json.loads(path.read_text()) == {"a": [1, True, None], "b": 0.1}
    content = path.read_bytes()
    assert content.endswith(b"\n")
    atomic_write_json(path, {"a": [1, True, None], "b": 0.1})
    assert path.read_bytes() == content
    for bad, error in ((float("nan"), ValueError), ({1, 2}, TypeError)):
        with pytest.raises(error):
            atomic_write_json(path, {"a": bad})
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_plain_renames_exchange_as_well(tmp_path: Path) -> None:
    for exchange in (replace_directory, exchange_in_steps):
        new, target = tmp_path / "new", tmp_path / "target"
        for path in (new, target):
            path.mkdir(exist_ok=True)
            (path / "name").write_text(path.name)
        exchange(new, target)
        assert ((target / "name").read_text(), (new / "name").read_text()) == ("new", "target")
        assert sorted(tmp_path.iterdir()) == [new, target]


def test_plain_renames_restore_the_earlier_directory(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(FileNotFoundError):
        exchange_in_steps(tmp_path / "absent", tmp_path / "target")
    assert list(tmp_path.iterdir()) == [tmp_path / "target"]


def test_a_full_disk_leaves_the_earlier_output(tmp_path: Path, run_python: Run) -> None:
    fill(tmp_path / "out", "one")
    atomic_write_bytes(tmp_path / "file", b"one")
    # A limit on the size of files fails writes as a full disk does: part of the way through.
    program = """
import resource
from pathlib import Path
from expertgen.data.atomic import atomic_directory, atomic_write_bytes
from expertgen.data.write_errors import CannotWrite
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    atomic_write_bytes(Path("file"), bytes(5000))
except CannotWrite as error:
    print(error)
try:
    with atomic_directory(Path("out")) as directory:
        (directory / "large").write_bytes(bytes(5000))
except CannotWrite as error:
    print(error)
"""
    printed = run_python(program).stdout
    assert printed.count("file too large") == 2
    assert printed.count("untouched") == 2
    assert (tmp_path / "out" / "deep" / "file").read_text() == "one"
    assert (tmp_path / "file").read_bytes() == b"one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]


def test_a_kill_at_any_moment_leaves_one_or_the_other(tmp_path: Path, run_python: Run) -> None:
    program = """
from pathlib import Path
from expertgen.data.atomic import atomic_directory, atomic_write_text
from kill_points import kill_points
def write(text):
    with atomic_directory(Path("out")) as directory:
        (directory / "first").write_text(text)
        (directory / "second").write_text(text)
    atomic_write_text(Path("file"), text)
write("one")
points = 0
for points in kill_points(lambda: write("two")):
    assert {path.read_text() for path in Path("out").iterdir()} in ({"one"}, {"two"}), points
    assert len(list(Path("out").iterdir())) == 2, points
    assert Path("file").read_text() in ("one", "two"), points
    write("one")
assert points > 10, points
assert sorted(path.name for path in Path().iterdir()) == ["file", "out"], list(Path().iterdir())
"""
    run_python(program)
    assert (tmp_path / "file").read_text() == "two"
