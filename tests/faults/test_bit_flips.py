"""Single-bit flips in stored artifacts: each is caught by what reads them, before anything is made of it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from expertgen import cli
from expertgen.data.atomic import atomic_write_json
from expertgen.data.episodes import EpisodeStore
from expertgen.data.lerobot.verify import verify_release
from expertgen.errors import CorruptArtifact
from expertgen.params import load_params
from expertgen.stages.load_prior import load_prior
from expertgen.stages.policies import load_expert
from expertgen.stages.prior_data import load_demonstrations
from expertgen.workspace import Workspace
from tests.faults.project import Project
from tests.small_project import ROOT, TASK

SLOW_FLIPS, FLIPS = 1000, 32
REPORT = ROOT / "reports" / "faults" / "bit_flips.json"
EPISODE_STEPS = load_params(ROOT / "params.yaml").simulation.episode_steps
# Kind of artifact -> its folder, and how stages read it.
ARTIFACTS: dict[str, tuple[Callable[[Workspace], Path], Callable[[Workspace], object]]] = {
    "demonstrations": (lambda w: w.data("demos"), lambda w: load_demonstrations(w.data("demos"), "all")),
    "prior": (lambda w: w.data("prior"), load_prior),
    "expert": (lambda w: w.data("expert"), lambda w: load_expert(w, load_prior(w), EPISODE_STEPS)),
    "episodes": (lambda w: w.data("rollouts"), lambda w: EpisodeStore.open(w.data("rollouts"))),
    "release": (lambda w: w.data("release"), lambda w: verify_release(w.data("release"))),
}


@pytest.fixture(scope="module")
def workspace(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Sound artifacts of every kind. A test leaves them so."""
    folder = tmp_path_factory.mktemp("flipped")
    for name in ("data", "reports"):
        shutil.copytree(reference.folder / name, folder / name)
    shutil.copy(reference.folder / "params.yaml", folder)
    return Workspace(folder, TASK)


def flip(path: Path, bit: int) -> None:
    """Flip the bit-th bit of a file. Done twice, it is as it was."""
    with open(path, "r+b") as stream:
        stream.seek(bit // 8)
        value = stream.read(1)[0] ^ (1 << bit % 8)
        stream.seek(bit // 8)
        stream.write(bytes([value]))


def flip_and_read(workspace: Workspace, count: int, random: np.random.Generator) -> Counter[str]:
    """Flip a random bit of a random file `count` times, the kinds in turn; the flips by kind. One not caught fails."""
    caught: Counter[str] = Counter()
    for number in range(count):
        kind = list(ARTIFACTS)[number % len(ARTIFACTS)]
        folder, read = ARTIFACTS[kind]
        files = sorted(path for path in folder(workspace).rglob("*") if path.is_file() and path.stat().st_size)
        path = files[random.integers(len(files))]
        bit = int(random.integers(8 * path.stat().st_size))
        flip(path, bit)
        try:
            with pytest.raises(CorruptArtifact):
                read(workspace)
                pytest.fail(f"bit {bit} of {path.relative_to(workspace.root)} was flipped, and nobody noticed")
        finally:
            flip(path, bit)
        caught[kind] += 1
    for _, read in ARTIFACTS.values():
        read(workspace)
    return caught


def test_some_flips_are_caught(workspace: Workspace) -> None:
    assert flip_and_read(workspace, FLIPS, np.random.default_rng(0)).total() == FLIPS


@pytest.mark.slow
def test_a_thousand_flips_are_caught(workspace: Workspace) -> None:
    caught = flip_and_read(workspace, SLOW_FLIPS, np.random.default_rng(1))
    atomic_write_json(REPORT, {"flips": caught.total(), "caught": dict(caught)})


@pytest.mark.parametrize("kind", ARTIFACTS)
def test_every_file_counts(kind: str, workspace: Workspace) -> None:
    folder, read = ARTIFACTS[kind]
    for path in sorted(path for path in folder(workspace).rglob("*") if path.is_file()):
        flip(path, 0)
        with pytest.raises(CorruptArtifact):
            read(workspace)
            pytest.fail(f"{path.relative_to(workspace.root)} was changed, and nobody noticed")
        flip(path, 0)


@pytest.mark.parametrize(("stage", "damaged"), [
    ("prior", "demos"), ("steer", "prior"), ("evaluate", "expert"), ("rollouts", "expert"), ("release", "rollouts"),
])
def test_a_stage_stops_at_a_damaged_input(
    stage: str, damaged: str, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace.data(damaged) / "provenance.json"
    flip(path, 100)
    try:
        assert cli.main(["--params", str(workspace.root / "params.yaml"), stage, TASK]) == cli.USER_ERROR
    finally:
        flip(path, 100)
    assert "provenance.json" in capsys.readouterr().err
