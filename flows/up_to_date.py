"""What every flow does: bring stages up to date, one after the other, producers first."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from prefect import get_run_logger, runtime
from prefect.client.schemas.objects import State
from prefect.exceptions import FailedRun
from prefect.states import Completed, Failed

from expertgen.errors import ExpertGenError, InvalidParameter
from expertgen.params import COMMITTED_PROFILE
from flows.lost_runs import on_record
from tasks.graph import Graph, Stage, read_graph
from tasks.mend_dvc import mend
from tasks.profile_project import profile_project
from tasks.project import project_root
from tasks.reproduce import Options
from tasks.run_stage import run_stage
from tasks.worker import serving_processes


def bring_up_to_date(
    task: str, profile: str, choose: Callable[[Graph], list[Stage]],
    force: str = "", pull: bool = False, push: bool = False,
) -> State[Any]:
    """Bring the stages that `choose` takes from the graph up to date; `force` names one that is run in any case.

    Returns a state: Completed, or Failed with the reason, after which nothing more was run.
    """
    serving_processes()  # remembered before anything can happen to them
    logging.getLogger("prefect.flow_runs").addFilter(_says_more)
    try:
        check_deployment(task)
        project = project_root()
        root = profile_project(project, profile)
        for line in mend(root):
            get_run_logger().warning("%s", line)
        stages = choose(read_graph(root))
    except ExpertGenError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error))
    with on_record(project, str(runtime.flow_run.id)):
        for stage in stages:
            options = Options(stage.name == force, pull, push, label="" if profile == COMMITTED_PROFILE else profile)
            state: State[Any] = run_stage(stage, root, options, return_state=True)
            if not state.is_completed():
                return Failed(message=f"{stage.name} failed: {state.message}")
    return Completed(message=f"up to date: {', '.join(stage.name for stage in stages)}")


def stage_of_task(kind: str, task: str, profile: str, force: bool, pull: bool, push: bool) -> State[Any]:
    """Bring stage `kind` of `task` and its gate up to date, with all that is upstream of them."""
    named = f"{kind}@{task}" if force else ""
    return bring_up_to_date(task, profile, lambda graph: graph.needed_for(kind, task), named, pull, push)


def _says_more(record: logging.LogRecord) -> bool:
    """Not so Prefect's second report of a run that ended as failed: a traceback of its own engine."""
    return not (record.exc_info and isinstance(record.exc_info[1], FailedRun))


def check_deployment(task: str) -> None:
    """A deployment's name is the task it is for, or TASK@POOL; to run another under it would mislead."""
    name: str | None = runtime.deployment.name
    if name is not None and name.partition("@")[0] != task:
        raise InvalidParameter(f"task: found {task!r}, but this is the deployment for {name!r}; run that task's own.")
