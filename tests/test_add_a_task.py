"""docs/add_a_task.md, followed to the letter in a copy of the project."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from expertgen.data.episodes import EpisodeStore

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "add_a_task.md").read_text(encoding="utf-8")
SMALL = "demos: {episodes: 12, shard_episodes: 12, workers: 1}\nsimulation: {num_threads: 1}\n"


def blocks(language: str) -> list[str]:
    """The page's code blocks of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def apply(diff: str, folder: Path) -> None:
    """Do what a block of lines says to the file that its first line names; what it takes away must be there once."""
    head, *lines = diff.splitlines()
    path = folder / head.removeprefix("--- ")
    before, after = ("".join(f"{line[1:]}\n" for line in lines if line[0] in kinds) for kinds in (" -", " +"))
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path} no longer has what docs/add_a_task.md changes:\n{before}"
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the page's task, and a profile quick that is quick indeed."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("expertgen", "tests/contracts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("params.yaml", "pyproject.toml", "tests/conftest.py", "tests/small_project.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "profiles").mkdir()
    (folder / "profiles" / "quick.yaml").write_text(SMALL)
    (source,) = blocks("python")
    (folder / "expertgen" / "benchmarks" / "push_brick.py").write_text(source)
    for diff in blocks("diff"):
        apply(diff, folder)
    return folder


def test_the_page_s_commands_make_demonstrations_of_a_task_that_keeps_the_contract(project: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    said = []
    for block in blocks("sh"):
        for line in block.splitlines():
            program, *arguments = shlex.split(line)
            command = [sys.executable, *(["-m", "expertgen"] if program == "expertgen" else []), *arguments]
            done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
            said.append(done.stdout)
    assert "4 passed" in said[0] and "demos: success at any time" in said[1]
    store = EpisodeStore.open(project / "runs/quick/data/push_brick/demos")
    assert store.num_episodes == 12 and 0 < store.successes().sum() < 12
    assert np.unique(store.lengths).tolist() == [64]


def test_a_new_task_is_linted_as_the_others(project: Path) -> None:
    command = [sys.executable, "-m", "ruff", "check", "expertgen/benchmarks"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
