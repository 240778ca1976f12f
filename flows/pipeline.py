"""Every stage that dvc.yaml has for a task. It chains what the other flows do; their order is the graph's."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from expertgen.params import COMMITTED_PROFILE
from flows.up_to_date import bring_up_to_date


@flow(name="pipeline", persist_result=False)
def pipeline(
    task: str, pull: bool = False, push: bool = False, profile: str = COMMITTED_PROFILE
) -> State[Any]:
    """Bring all stages and gates of a task up to date, from demonstrations to the last that dvc.yaml has.

    Args:
        task: the benchmark task, such as lift_banana.
        pull: take results from DVC's run-cache and remote where they are there.
        push: put results into DVC's remote, with the run-cache.
        profile: whose parameters and outputs; others than cpu have theirs in runs/PROFILE.
    """
    return bring_up_to_date(task, profile, lambda graph: graph.all_of(task), pull=pull, push=push)
