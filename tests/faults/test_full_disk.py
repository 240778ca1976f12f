"""A full disk: each stage says so and ends, what stood there before stands, and with space it goes on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from expertgen import cli
from tests.faults.project import Project, outputs_in
from tests.small_project import TASK

SIZE = 32 * 2**20  # bytes of the disk
# Bytes that are left. More let a stage go further before it fails.
LEFT = (0, 16 * 2**10, 48 * 2**10, 96 * 2**10)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk to fill needs root, to be mounted")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def leave(folder: Path, left: int) -> None:
    """Fill the disk of `folder` but for `left` bytes."""
    (folder / "filler").unlink(missing_ok=True)
    free = os.statvfs(folder)
    (folder / "filler").write_bytes(b"\0" * (free.f_bavail * free.f_frsize - left))


def with_another_seed(params: Path) -> None:
    """Every artifact is then stale, so that each stage has to make its own anew."""
    values = yaml.safe_load(params.read_text(encoding="utf-8")) | {"seed": 1}
    values["demos"]["workers"] = values["rollouts"]["workers"] = 1
    params.write_text(yaml.safe_dump(values), encoding="utf-8")


def finished(folder: Path) -> dict[str, str]:
    return {name: digest for name, digest in outputs_in(folder).items() if ".work/" not in name}


FEW = ("demos", "prior", "gate_evaluate", "release")


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=[] if stage in FEW else pytest.mark.slow) for stage in cli.STAGES]
)
def test_each_stage_ends_cleanly_and_goes_on(
    stage: str, disk: Path, reference: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("data", "reports"):
        shutil.copytree(reference.folder / name, disk / name)
    shutil.copy(reference.folder / "params.yaml", disk)
    if makes_an_artifact := not stage.startswith("gate_") and stage != "page":
        with_another_seed(disk / "params.yaml")
    command, before = ["--params", str(disk / "params.yaml"), stage, TASK], finished(disk)
    failed = 0
    for left in LEFT:
        leave(disk, left)
        if cli.main(command) == 0:
            break
        told = capsys.readouterr().err
        assert "expertgen: error:" in told and "no space left on device" in told.lower(), told
        assert finished(disk) == before
        failed += 1
    assert failed > 0
    (disk / "filler").unlink()
    assert cli.main(command) == 0
    assert finished(disk).keys() == before.keys() and (finished(disk) != before) == makes_an_artifact


def test_a_limit_on_file_sizes_is_told_too(project: Project) -> None:
    command = project.command("expertgen", "demos")
    # Python 3.11 would keep compiled modules that the limit has cut off (python/cpython issue 126606).
    limited = f"import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({2**12}, {2**12})); " \
              f"os.environ['PYTHONDONTWRITEBYTECODE'] = '1'; os.execv({command[0]!r}, {command!r})"  # fmt: skip
    process = project.start([sys.executable, "-c", limited])
    assert process.wait(timeout=120) == cli.USER_ERROR
    assert "could not be written: file too large" in project.output_of(process)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY and not finished(project.folder)
