"""What `python -m flows.serve` registers, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.deployments import FLOWS, deployments
from flows.serve import USER_ERROR, main
from tasks.graph import Graph, Stage

ROOT = Path(__file__).parents[2]


KINDS = ("demos", "prior", "steer", "rollouts", "evaluate", "release", "distill", "student", "trials")


def graph(**tasks: Sequence[str]) -> Graph:
    """What dvc.yaml would have: the kinds of stages of each task."""
    names = [f"{kind}@{task}" for task, kinds in tasks.items() for kind in kinds]
    return Graph(Path(), {name: Stage(name) for name in [*names, "report"]})


def test_one_deployment_per_flow_and_task() -> None:
    found = {f"{one.flow_name}/{one.name}": one for one in deployments(graph(ladle=KINDS, kettle=KINDS))}
    flows = ["demos", "demos_on_ray", *KINDS[1:], "pipeline"]
    assert list(found) == [f"{flow}/{task}" for flow in flows for task in ("ladle", "kettle")]
    assert all(one.parameters == {"task": name.partition("/")[2]} for name, one in found.items())
    assert found["steer/ladle"].entrypoint == "flows.steer.steer"


def test_what_dvc_yaml_does_not_have_is_not_offered() -> None:
    found = deployments(graph(ladle=("demos", "distill"), kettle=("demos",), spoon=("prior",)))
    assert [f"{one.flow_name}/{one.name}" for one in found] == [
        "demos/ladle", "demos/kettle", "demos_on_ray/ladle", "demos_on_ray/kettle", "prior/spoon", "distill/ladle",
        "trials/ladle", "trials/kettle", "trials/spoon", "pipeline/ladle", "pipeline/kettle", "pipeline/spoon",
    ]  # fmt: skip


def test_each_flow_is_named_like_a_stage_of_dvc_yaml() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert {flow.name for flow in FLOWS} - {"demos_on_ray", "pipeline"} <= set(stages)


def test_each_deployment_says_what_it_does_and_what_its_parameters_mean() -> None:
    found = deployments(graph(ladle=KINDS))
    assert len({str(one.description).splitlines()[0] for one in found}) == len(FLOWS)
    for one in found:
        shown = one._parameter_openapi_schema.properties
        own = {"pipeline": ["task", "pull", "push", "profile"], "demos_on_ray": ["task", "address", "push", "profile"],
               "trials": ["task", "protocol", "answers", "force", "pull", "push", "profile"]}  # fmt: skip
        assert list(shown) == own.get(one.flow_name, ["task", "force", "pull", "push", "profile"])
        assert all(parameter["description"] for parameter in shown.values())
        assert shown["profile"]["default"] == "cpu" and one._parameter_openapi_schema.required == ["task"]


def test_pipelines_have_a_weekly_schedule_that_is_off() -> None:
    for weekly in (False, True):
        for one in deployments(graph(ladle=KINDS), weekly=weekly):
            assert [schedule.active for schedule in one.schedules or []] == [weekly] * (one.flow_name == "pipeline")


def test_prefect_keeps_no_results() -> None:
    assert not any(flow.persist_result for flow in FLOWS)


def test_without_a_server_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert main([]) == USER_ERROR == 2
    assert "prefect server start --host 127.0.0.1" in capsys.readouterr().err


def test_a_wrong_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--limit", "0"]) == USER_ERROR
    assert "--limit: found 0" in capsys.readouterr().err
