"""dvc.yaml agrees with the code: each stage depends on all of its sources, and on no parameter that is not there."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from expertgen.benchmarks import TASKS
from expertgen.cli import STAGES
from expertgen.cli.parser import STUDENTS, TRIALS
from expertgen.data.sources import source_files

ROOT = Path(__file__).parents[1]
_CATALOGUE = "benchmarks/catalogue.py"  # imports the tasks by name
FOR_SOME = {"perturb": "${perturb.tasks}"} | dict.fromkeys(STUDENTS, "${distill.tasks}")
FOR_SOME |= dict.fromkeys(TRIALS, "${trials.tasks}")
GRAPH = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def do(stage: str) -> dict[str, Any]:
    """What a stage is; of one for each task, its pattern."""
    found: dict[str, Any] = GRAPH[stage]
    return found.get("do", found)


def test_each_stage_of_the_command_line_is_in_the_graph() -> None:
    assert list(GRAPH) == [*STAGES, "report"]
    assert {stage: GRAPH[stage]["foreach"] for stage in STAGES} == {
        stage: FOR_SOME.get(stage, "${tasks}") for stage in STAGES
    }


@pytest.mark.parametrize("stage", GRAPH)
def test_a_stage_depends_on_all_of_its_sources(stage: str) -> None:
    module = "gate" if stage.startswith("gate_") and stage not in TRIALS else stage
    held = {PurePosixPath(path) for path in do(stage)["deps"]}
    names = set(source_files(f"expertgen.stages.{module}"))
    if _CATALOGUE in names:
        names |= {name for task in TASKS for name in source_files(f"expertgen.benchmarks.{task}")}
    sources = [PurePosixPath("expertgen") / name for name in sorted(names)]
    assert not [str(path) for path in sources if not held & {path, *path.parents}]


@pytest.mark.parametrize("stage", GRAPH)
def test_dependencies_on_code_and_parameters_exist(stage: str) -> None:
    code = [path for path in do(stage)["deps"] if path.startswith("expertgen")]
    assert not [path for path in code if not (ROOT / path).exists()]
    values = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    keys = do(stage).get("params", [])
    for key in (key.replace("${item}", task) for key in keys for task in values["tasks"]):
        found = values
        for part in key.split("."):
            found = found[part]
