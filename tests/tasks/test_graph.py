"""The graph as flows see it is the one DVC sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from expertgen.errors import UnknownName
from tasks.errors import BrokenGraph
from tasks.graph import Graph, read_graph
from tests.tasks.small_project import TASKS, run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def graph(project: Path) -> Graph:
    return read_graph(project)


def names(stages) -> list[str]:
    return [stage.name for stage in stages]


def test_upstream_comes_first_with_the_gates_that_are_read(graph: Graph) -> None:
    assert names(graph.needed_for("prior", "ladle")) == ["demos@ladle", "gate_demos@ladle", "prior@ladle"]


def test_a_stage_brings_the_gate_that_judges_it(graph: Graph) -> None:
    assert names(graph.needed_for("demos", "kettle")) == ["demos@kettle", "gate_demos@kettle"]
    assert names(graph.needed_for("steer", "kettle"))[-2:] == ["steer@kettle", "gate_steer@kettle"]


def test_all_stages_of_a_task_and_of_no_other(graph: Graph) -> None:
    found = names(graph.all_of("ladle"))
    assert sorted(found) == sorted(name for name in graph.stages if name.endswith("@ladle"))
    for stage in graph.all_of("ladle"):
        assert all(found.index(name) < found.index(stage.name) for name in stage.upstream)


def test_outputs_metrics_and_tasks(graph: Graph) -> None:
    assert graph.tasks() == list(TASKS)
    evaluate = graph.stages["evaluate@ladle"]
    assert set(evaluate.outs) == {f"reports/ladle/{name}" for name in ("table.md", "metrics.json", "map.png")} | {
        "data/ladle/evaluate.txt"
    }
    assert evaluate.metrics == {"reports/ladle/metrics.json"}


def test_a_stage_that_is_not_there_is_named_with_those_that_are(graph: Graph) -> None:
    with pytest.raises(UnknownName, match=r"no stage release@ladle; for ladle it has: demos, .*evaluate\. .*add the"):
        graph.needed_for("release", "ladle")
    with pytest.raises(UnknownName, match="Unknown task 'spoon'; known: kettle, ladle"):
        graph.needed_for("demos", "spoon")


def test_a_broken_graph_is_told_in_dvcs_words(tmp_path: Path) -> None:
    run(tmp_path, "dvc", "init", "-q", "--no-scm")
    (tmp_path / "dvc.yaml").write_text("stages:\n  a:\n    cmd: 'true'\n    outs: [x]\n    deps: [x]\n")
    with pytest.raises(BrokenGraph, match=r"dvc\.yaml"):
        read_graph(tmp_path)
    (tmp_path / "dvc.yaml").write_text("stages:\n  a: [unknown]\n")
    with pytest.raises(BrokenGraph, match=r"dvc\.yaml"):
        read_graph(tmp_path)


def test_the_projects_own_graph_has_what_dvc_repro_would_run() -> None:
    graph = read_graph(ROOT)
    for task in graph.tasks():
        listed = run(ROOT, "dvc", "stage", "list", "--name-only").split()
        assert {stage.name for stage in graph.all_of(task)} == {name for name in listed if name.endswith(f"@{task}")}
