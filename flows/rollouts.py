"""Stage rollouts of dvc.yaml, its gate, and all upstream of them."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.up_to_date import stage_of_task


@flow(name="rollouts", persist_result=False)
def rollouts(
    task: str, force: bool = False, pull: bool = False, push: bool = False, profile: str = "cpu"
) -> State[Any]:
    """Collect episodes of the expert of a task, with all it needs.

    Args:
        task: the benchmark task, such as lift_banana.
        force: run the stage even if nothing has changed.
        pull: take results from DVC's run-cache and remote where they are there.
        push: put results into DVC's remote, with the run-cache.
        profile: whose parameters and outputs; others than cpu have theirs in runs/PROFILE.
    """
    return stage_of_task("rollouts", task, profile, force, pull, push)
