"""The deployments: one for each flow and each task that dvc.yaml has its stage for, and when they run by themselves."""

from __future__ import annotations

from typing import Any, cast

from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType

from flows.demos import demos
from flows.demos_on_ray import demos_on_ray
from flows.distill import distill
from flows.evaluate import evaluate
from flows.pipeline import pipeline
from flows.prior import prior
from flows.release import release
from flows.rollouts import rollouts
from flows.steer import steer
from flows.student import student
from flows.trials import trials
from tasks.graph import Graph

FLOWS: tuple[Flow[Any, Any], ...] = (
    demos, demos_on_ray, prior, steer, rollouts, evaluate, release, distill, student, trials, pipeline,
)  # fmt: skip
SUNDAY_NIGHT = "0 2 * * sun"  # UTC


def deployments(graph: Graph, weekly: bool = False, pool: str | None = None) -> list[RunnerDeployment]:
    """FLOW/TASK for each flow and each task that `graph` has its stage for; FLOW/TASK@POOL for the workers of a pool.

    Each pipeline has a weekly schedule, which is active only if `weekly`.
    """
    tasks = graph.tasks()
    return [_deployment(flow, task, weekly, pool) for flow in FLOWS for task in tasks if _can_run(flow, task, graph)]


def _can_run(flow: Flow[Any, Any], task: str, graph: Graph) -> bool:
    """Whether dvc.yaml has for `task` what `flow` brings up to date; a pipeline takes what there is, and trials are run
    before there is anything to bring up to date."""
    stage = "demos" if flow is demos_on_ray else flow.name
    return flow in (pipeline, trials) or f"{stage}@{task}" in graph.stages


def _deployment(flow: Flow[Any, Any], task: str, weekly: bool, pool: str | None) -> RunnerDeployment:
    schedules: list[Schedule] = [Cron(SUNDAY_NIGHT, timezone="UTC", active=weekly)] if flow is pipeline else []
    deployment = flow.to_deployment(
        name=task if pool is None else f"{task}@{pool}",
        parameters={"task": task},
        schedules=schedules,
        tags=[task],
        work_pool_name=pool,
        # The name of the module, so that nothing hangs on where a clone lies.
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return cast(RunnerDeployment, deployment)  # a coroutine only where an event loop runs
