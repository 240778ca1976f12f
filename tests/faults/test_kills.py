"""SIGKILL and SIGTERM at random moments: no process is left, and the same command again gives the same bytes."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from expertgen.cli import STAGES
from expertgen.data.atomic import atomic_write_json
from tests.faults.killing import Killer
from tests.faults.project import OVERALL, Project
from tests.small_project import ROOT

# Stage -> how it is started.
FEW = {"demos": "dvc", "prior": "expertgen", "steer": "expertgen"}
SLOW_KILLS = 100
IN_A_ROW = 4  # at most so many kills of a stage before it is let through
REPORT = ROOT / "reports" / "faults" / "kills.json"


def test_a_few_kills_change_no_byte(project: Project, reference: Project, seconds: dict[str, float]) -> None:
    killer = Killer(project, seconds, np.random.default_rng(0))
    for stage, starter in FEW.items():
        killer.kill(stage, starter)
        killer.finish(stage, starter)
    made, expected = project.outputs(), reference.outputs()
    assert killer.counts.total() >= 2
    assert {"demos", "prior", "expert"} <= {path.split("/")[2] for path in made if path.startswith("data/")}
    assert made == {path: expected.get(path) for path in made}


@pytest.mark.slow
def test_a_hundred_kills_change_no_byte(tmp_path: Path, reference: Project, seconds: dict[str, float]) -> None:
    expected, random = reference.outputs(), np.random.default_rng(1)
    counts: Counter[tuple[str, str, str]] = Counter()
    rounds, mended = 0, 0
    while counts.total() < SLOW_KILLS:
        project = Project(tmp_path / f"round_{rounds}")
        killer = Killer(project, seconds, random, counts)
        for stage in STAGES:
            starter = "dvc" if random.random() < 0.75 else "expertgen"
            for _ in range(IN_A_ROW):
                if counts.total() == SLOW_KILLS or not killer.kill(stage, starter):
                    break
            killer.finish(stage, "dvc")
        project.run(project.command("dvc", OVERALL))
        assert project.outputs() == expected
        assert_whole_for_dvc(project)
        rounds, mended = rounds + 1, mended + len(killer.mended)
    write_report(counts, rounds, len(expected), mended)


def assert_whole_for_dvc(project: Project) -> None:
    """Every file in DVC's cache is what its name says, and DVC has nothing to do."""
    for path in (project.folder / ".dvc/cache/files/md5").rglob("*"):
        if path.is_file():
            digest = hashlib.md5(path.read_bytes()).hexdigest()
            assert path.parent.name + path.name.removesuffix(".dir") == digest, f"{path} is half-written"
    assert "Data and pipelines are up to date." in project.run(project.command("dvc", list(STAGES)[-1]))


def write_report(counts: Counter[tuple[str, str, str]], rounds: int, outputs: int, mended: int) -> None:
    nested: dict[str, dict[str, dict[str, int]]] = {}
    for (stage, target, how), count in counts.items():
        nested.setdefault(stage, {}).setdefault(target, {})[how] = count
    atomic_write_json(REPORT, {
        "kills": counts.total(), "kills_by_stage_target_signal": nested, "runs_of_the_graph": rounds,
        "outputs_compared_each": outputs, "cut_off_files_of_dvc_mended": mended,
    })  # fmt: skip
