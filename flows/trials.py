"""Recorded trials on a robot, judged and reported by their stages of dvc.yaml; on demand, and only then, trials run."""

from __future__ import annotations

from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from expertgen.errors import ExpertGenError
from expertgen.params import COMMITTED_PROFILE
from flows.up_to_date import check_deployment, stage_of_task
from tasks.project import project_root
from tasks.run_trials import run_trials


@flow(name="trials", persist_result=False)
def trials(
    task: str, protocol: str = "", answers: str = "", force: bool = False, pull: bool = False, push: bool = False,
    profile: str = COMMITTED_PROFILE,
) -> State[Any]:
    """Judge and report the recorded trials of a task; with a protocol, run its trials instead, which moves the arm.

    Args:
        task: the benchmark task, such as lift_banana.
        protocol: a protocol file, to run its trials on the robot it names. Nothing moves where it is left empty.
        answers: a file of answers for these trials. Where it is left empty a person answers, at this flow's terminal.
        force: run the stage even if nothing has changed.
        pull: take results from DVC's run-cache and remote where they are there.
        push: put results into DVC's remote, with the run-cache.
        profile: whose parameters and outputs; others than cpu have theirs in runs/PROFILE.
    """
    if not protocol:
        return stage_of_task("trials", task, profile, force, pull, push)
    try:
        check_deployment(task)
        run_trials(task, project_root(), protocol, answers, profile, get_run_logger().info)
    except ExpertGenError as error:
        get_run_logger().error("%s", error)
        return Failed(message=str(error))
    return Completed(message="Trials were run. `dvc add` them, then run this flow without a protocol.")
